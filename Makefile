# make serve | test | build | outputs | render | check | bench | mutants | pins | clean   (see README.md)
PYTHON ?= python3
PORT ?= 8000
WORKERS ?= 2
export NO_MKDOCS_2_WARNING = 1
export PIP_DISABLE_PIP_VERSION_CHECK = 1

ifeq ($(OS),Windows_NT)
$(error Windows: use the plain pip and mkdocs commands in README.md)
endif
BIN := .venv/bin

# The same commit gives the same bytes on every day.
ifndef SOURCE_DATE_EPOCH
ifneq ($(shell git log -1 --format=%ct 2>/dev/null),)
export SOURCE_DATE_EPOCH := $(shell git log -1 --format=%ct)
endif
endif

.PHONY: serve test build outputs render check bench mutants pins clean

serve: .venv/site.stamp
	@$(BIN)/python -m site_build.serve $(PORT)

build: .venv/site.stamp
	@$(BIN)/python -m mkdocs build --strict --site-dir site

render: .venv/site.stamp
	@$(BIN)/python -m site_build.render

check: .venv/test.stamp
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

test: check
	@$(BIN)/python -m tests.chromium
	@$(BIN)/python -m site_build.render
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --cov=snippets --cov-branch --cov-report=term-missing:skip-covered --cov-fail-under=100

outputs: .venv/test.stamp
	@$(BIN)/python -m pytest docs README.md --update-outputs -q -n 0

bench: .venv/test.stamp
	@command -v cc >/dev/null || { echo "cc is not installed; the benchmark needs a C and C++ compiler (Debian: g++)"; exit 1; }
	@$(BIN)/python -m tests.chromium
	@$(BIN)/python -m site_build.render
	@$(BIN)/python -m benchmarks $(PART)

# One snippet or folder: make mutants SNIPPET=numpy/l2_penalty
mutants: .venv/mutants.stamp
	@$(BIN)/python -m tests.mutants $(SNIPPET) --workers $(WORKERS)

pins: .venv/python.stamp
	@$(BIN)/python -c 'import sys; sys.exit("Pins are worked out with Python 3.11, the oldest that the project supports: make clean, then make pins PYTHON=python3.11" if sys.version_info[:2] != (3, 11) else 0)'
	@$(BIN)/python -m site_build.pins

# PyPI's PyTorch for Linux brings triton, which compiles for GPUs, and which crashes the process
# if TensorFlow was imported before it. Nothing here needs it.
comma := ,
define install
@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable "$(1)" || { echo "The installation failed: see the lines above, then run the same command again"; exit 1; }
@$(BIN)/python -m pip uninstall -qq --yes triton
@touch $@
endef

# The environment: made once, again only when what it is made of changes.
.venv/python.stamp:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not installed; Python 3.11 or newer is needed (name one: make PYTHON=python3.12)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, %s is %d.%d (name another: make PYTHON=python3.12)" % ((sys.executable,) + sys.version_info[:2]) if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments; install its venv package (Debian: python3-venv)"; exit 1; }
	@echo "Making .venv ..."
	@rm -rf .venv && $(PYTHON) -m venv .venv && touch $@

.venv/site.stamp: .venv/python.stamp pyproject.toml constraints.txt
	@echo "Installing what the site needs (some minutes the first time) ..."
	$(call install,.)

.venv/test.stamp: .venv/site.stamp
	@echo "Installing what the tests need ..."
	$(call install,.[test])

.venv/mutants.stamp: .venv/test.stamp
	@echo "Installing what makes the mutants ..."
	$(call install,.[test$(comma)mutants])

clean:
	rm -rf .venv .cache site
