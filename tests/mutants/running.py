"""Runs tests against mutants, each in a fork of one process that imported the frameworks once.

Nothing computes before a fork: TensorFlow and PyTorch start their threads with their first
operation, and threads do not survive a fork.
"""

import gc
import hashlib
import importlib.abc
import importlib.util
import json
import linecache
import os
import re
import resource
import signal
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import pytest

from site_build import CACHE, ROOT
from tests.mutants.making import Mutant, source_of

RESULTS = CACHE / "mutants"
ERRORS = os.dup(2)
"""Where a fork tells of faults of this runner, as it silences the tests."""
OPTIONS = [
    *("-q", "-x", "--tb=no", "--assert=plain", "--import-mode=importlib"),
    *("-o", "addopts=", "-p", "no:cacheprovider", "-p", "no:faulthandler"),
    *("-p", "no:unraisableexception"),  # it collects all garbage, five times
]
ENOUGH_SECONDS = 20
"""Tests beyond this much time, dearest last, are not tried: each mutant gets that many at most."""


def import_frameworks() -> None:
    """Import what tests import, so that a fork has it, and compute nothing."""
    for name in (
        "numpy",
        "torch",
        "torch._dynamo",
        "tensorflow",
        "keras",
        "keras_tuner",
        "sklearn.datasets",
        "sklearn.linear_model",
        "sklearn.model_selection",
        "sklearn.pipeline",
        "hypothesis",
        "sympy",
        "coverage",
    ):
        importlib.import_module(name)
    gc.freeze()  # what is here stays, and forks need not look at it again


def mirror_of(snippet: str) -> list[Path]:
    """The test file that mirrors a snippet, or those beside it that import it.

    And two that ask the same of all: are ranges and defaults as they are documented?
    """
    folder, topic = snippet.split("/")
    tests = ROOT / "tests" / "snippets"
    mirror = tests / folder / f"test_{topic}.py"
    own = [mirror] if mirror.exists() else _naming(snippet, tests / folder)
    return [*own, tests / "test_documented.py", tests / folder / "test_refusals.py"]


def others_of(snippet: str) -> list[Path]:
    """The parity tests that import a snippet, and the mirrors of others that do."""
    mirror, tests = mirror_of(snippet), ROOT / "tests"
    found = _naming(snippet, tests / "parity", tests / "snippets" / snippet.split("/")[0])
    return [path for path in found if path not in mirror]


def _naming(snippet: str, *folders: Path) -> list[Path]:
    folder, topic = snippet.split("/")
    named = re.compile(
        rf"snippets\.{folder}\.{topic}\b"
        rf"|from snippets\.{folder} import ([^\n]*|\([^)]*)\b{topic}\b"
    )
    files = [path for each in folders for path in sorted(each.glob("test_*.py"))]
    return [path for path in files if named.search(path.read_text(encoding="utf-8"))]


def digest(*paths: Path) -> str:
    """A hash over what files hold."""
    whole = hashlib.sha256()
    for path in paths:
        whole.update(path.read_bytes())
    return whole.hexdigest()[:16]


def keys(killer: str, mirror: list[Path], others: list[Path]) -> list[str]:
    """What a fate may rest on: the file of the test that killed it, or all that did not."""
    killing = [path for path in (*mirror, *others) if killer.startswith(_name(path))]
    return [digest(*killing)] if killing else [digest(*mirror, *others), digest(*mirror)]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def digest_of(source: str) -> str:
    """A hash over one text."""
    return hashlib.sha256(source.encode()).hexdigest()[:16]


# --- which tests run which lines ---


@dataclass
class Baseline:
    """What a test file does with no mutant: seconds of its tests, and the lines they run."""

    key: str
    seconds: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    lines: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    """Snippet, test (empty: the import of the file), lines."""


class _Measuring:
    """Notes for every test its time and the lines of the snippets it ran."""

    def __init__(self, baseline: Baseline) -> None:
        import coverage

        self.baseline = baseline
        self.cov = coverage.Coverage(
            data_file=None, config_file=False, include=[f"{ROOT}/snippets/*"], messages=False
        )

    def pytest_sessionstart(self) -> None:
        self.cov.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.cov.switch_context(item.nodeid)
        started = time.process_time()
        result = yield
        self.baseline.seconds[item.nodeid] = round(time.process_time() - started, 4)
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if not report.passed and report.nodeid not in self.baseline.failed:
            self.baseline.failed.append(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        self.cov.stop()
        data = self.cov.get_data()
        for file in data.measured_files():
            path = Path(file).relative_to(ROOT / "snippets")
            tests: dict[str, list[int]] = defaultdict(list)
            for line, contexts in data.contexts_by_lineno(file).items():
                for context in contexts:
                    tests[context].append(line)
            self.baseline.lines[path.with_suffix("").as_posix()] = dict(tests)


def measure(test_file: Path) -> bool:
    """Run a test file as it is and keep what it does; in a fork."""
    baseline = Baseline("")
    _quiet()
    options = [option for option in OPTIONS if option != "-x"]
    pytest.main([*options, str(test_file)], plugins=[_Measuring(baseline)])
    baseline.key = _key(test_file, baseline)
    write_json(baseline_file(test_file), asdict(baseline))
    return True


def _key(test_file: Path, baseline: Baseline) -> str:
    return digest(test_file, *(source_of(snippet) for snippet in sorted(baseline.lines)))


def baseline_file(test_file: Path) -> Path:
    """Where the baseline of a test file is kept."""
    name = test_file.relative_to(ROOT / "tests").with_suffix("").as_posix().replace("/", ".")
    return RESULTS / "baseline" / f"{name}.json"


def read_baseline(test_file: Path) -> Baseline | None:
    """The kept baseline, unless the test file changed, or a snippet that it runs."""
    path = baseline_file(test_file)
    if not path.exists():
        return None
    kept = Baseline(**json.loads(path.read_text(encoding="utf-8")))
    there = all(source_of(snippet).exists() for snippet in kept.lines)
    return kept if there and kept.key == _key(test_file, kept) else None


def write_json(path: Path, content: Any) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(f".{os.getpid()}")
    new.write_text(json.dumps(content, indent=0), encoding="utf-8")
    new.replace(path)


def chosen(snippet: str, mutant: Mutant, baselines: dict[Path, Baseline]) -> list[list[str]]:
    """Tests that run the mutated lines, cheapest first; then the rest of the snippet's mirror.

    Lines that the import of a test file runs belong to all of its tests. The rest is for what
    a fixture computed on behalf of all, when the first of them asked for it.
    """
    covering: dict[str, float] = {}
    rest: list[str] = []
    mirror = mirror_of(snippet)[:-2]
    for path, base in baselines.items():
        ran = base.lines.get(snippet, {})
        hit = {test for test, lines in ran.items() if set(lines) & set(mutant.lines)}
        usable = {test: s for test, s in base.seconds.items() if test not in base.failed}
        able = usable if "" in hit else {test: s for test, s in usable.items() if test in hit}
        covering |= able
        rest += [test for test in usable if test not in able] if path in mirror else []
    tests, left = [], float(ENOUGH_SECONDS)
    for test, seconds in sorted(covering.items(), key=lambda pair: pair[1]):
        if (left := left - seconds) > 0 or not tests:
            tests.append(test)
    return [stage for stage in (tests, rest) if stage]


def seconds_of(baselines: dict[Path, Baseline]) -> dict[str, float]:
    """What each test takes without a mutant."""
    return {test: s for base in baselines.values() for test, s in base.seconds.items()}


# --- one mutant ---


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the mutant in the snippet's place."""

    def __init__(self, snippet: str, source: str) -> None:
        self.module = f"snippets.{snippet.replace('/', '.')}"
        self.file = str(source_of(snippet))
        self.source = source
        # What reads the source of a function, as AutoGraph does, reads the mutant's.
        linecache.cache[self.file] = (len(source), None, source.splitlines(True), self.file)

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        if name != self.module:
            return None
        return importlib.util.spec_from_file_location(name, self.file, loader=self)

    def exec_module(self, module: Any) -> None:
        exec(compile(self.source, self.file, "exec"), module.__dict__)


class _Chosen:
    """Keeps the chosen tests, in their order, and notes the first that fails."""

    def __init__(self, tests: list[str]) -> None:
        self.order = {test: place for place, test in enumerate(tests)}
        self.failed = ""

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if item.nodeid in self.order]
        items.sort(key=lambda item: self.order[item.nodeid])

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed = self.failed or report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed = self.failed or report.nodeid


def try_mutant(snippet: str, mutant: Mutant, stages: list[list[str]]) -> str:
    """The test that kills the mutant, or nothing; in a fork."""
    _quiet()
    sys.meta_path.insert(0, _Mutated(snippet, mutant.source))
    for tests in stages:
        plugin = _Chosen(tests)
        files = list(dict.fromkeys(str(ROOT / test.split("::")[0]) for test in tests))
        code = pytest.main([*OPTIONS, *files], plugins=[plugin])
        if code != pytest.ExitCode.OK:
            return plugin.failed or f"{files[0]} ({code!r})"
    return ""


def _quiet() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.chdir(ROOT)
    import hypothesis

    hypothesis.settings.register_profile("mutants", database=None)
    hypothesis.settings.load_profile("mutants")


# --- forks ---


@dataclass
class Job:
    """Work for a fork, and what to do with its answer: None when it ran out of time."""

    work: Callable[[], Any]
    done: Callable[[Any], None]
    cpu_seconds: float


def run_jobs(jobs: Iterator[Job], workers: int) -> None:
    """Run jobs in forks, some at a time."""
    running: dict[int, tuple[Job, int, float]] = {}
    try:
        for job in jobs:
            if len(running) == workers:
                _reap(running)
            reading, writing = os.pipe()
            if (child := os.fork()) == 0:
                os.close(reading)
                _in_fork(job, writing)
            os.close(writing)
            running[child] = (job, reading, time.monotonic())
        while running:
            _reap(running)
    finally:
        for child in running:
            os.kill(child, signal.SIGKILL)


def _in_fork(job: Job, writing: int) -> None:
    try:
        os.setpgid(0, 0)
        seconds = int(job.cpu_seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        answer = json.dumps(job.work())
        with os.fdopen(writing, "w", encoding="utf-8") as pipe:
            pipe.write(answer)
    except BaseException:
        traceback.print_exc(file=os.fdopen(ERRORS, "w"))
    finally:
        os._exit(0)


def _reap(running: dict[int, tuple[Job, int, float]]) -> None:
    """Wait for one fork to end; stop those that no longer compute."""
    while True:
        child, _ = os.waitpid(-1, os.WNOHANG)
        if child in running:
            break
        for pid, (job, _, started) in running.items():
            if time.monotonic() - started > 20 * job.cpu_seconds:
                os.killpg(pid, signal.SIGKILL)
        time.sleep(0.005)
    job, reading, _ = running.pop(child)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        answer = pipe.read()
    job.done(json.loads(answer) if answer else None)
