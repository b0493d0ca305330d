"""A pytest plugin: every Python block of every page is a test (see pyproject.toml, addopts)."""

import contextlib
import gc
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_codeblocks.plugin import MarkdownFile, TestBlock

from site_build.render import ONE_THREAD
from tests.blocks import Block, PageError, blocks, pages

for name, value in ONE_THREAD.items():  # a worker for each core: more threads would only wait
    os.environ.setdefault(name, value)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-outputs", action="store_true", help="write what page code prints into the pages"
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if file_path in pages():
        return Page.from_parent(parent, path=file_path)
    return None


class Page(MarkdownFile):
    """A page; its Python blocks are its tests."""

    def collect(self) -> Iterator[pytest.Item]:
        for block in blocks(self.path):
            item = PageBlock.from_parent(self, name=f"line {block.fence.line}", obj=block.code)
            item.block = block
            yield item

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:
        if isinstance(excinfo.value, PageError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


class PageBlock(TestBlock):
    """One block, run as its reader would: alone, in an empty folder, its output compared."""

    block: Block

    def runtest(self) -> None:
        told = self.block.shown
        expected, self.obj.expected_output = self.obj.expected_output, None
        printed, raised = "", None
        with alone(self.obj.code) as output:
            try:
                super().runtest()
            except RuntimeError as error:
                # pytest-codeblocks wraps whatever the block raised
                raised = error.__context__ or error
            printed = output.getvalue()
        stopped = f"{type(raised).__name__}: {raised}\n" if raised else ""
        if raised and type(raised).__name__ == "InductorError" and "C++ compiler" in f"{raised}":
            pytest.fail(f"{self.block.place}: torch.compile found no C++ compiler (install g++)")
        kind = "error" if raised else "output"
        said = "\n".join(line.rstrip() for line in (printed + stopped).splitlines())
        said = f"{said}\n" if said else ""
        if raised and (told is None or told.info != "error"):
            raise PageError(f"{self.block.place}: {stopped}\n{self.obj.code}") from raised
        if self.config.getoption("--update-outputs"):
            self.config.stash.setdefault(UPDATES, []).append((self.block, kind, said))
            return
        if (expected or "") != said or (told and told.info != kind):
            raise PageError(
                f"{self.block.place}: the page shows as {told.info if told else 'output'}\n"
                f"{expected or '(nothing)'}\nbut the block gave as {kind}\n{said or '(nothing)'}\n"
                "(make outputs writes it into the page)"
            )

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:
        if isinstance(excinfo.value, PageError):
            return str(excinfo.value)
        return pytest.Item.repr_failure(self, excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.block.fence.line - 1, self.block.place


@contextlib.contextmanager
def alone(code: str) -> Iterator[io.StringIO]:
    """An empty working folder, captured output, and no state of the block before."""
    before, known = Path.cwd(), keras_classes()
    output = io.StringIO()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            with contextlib.redirect_stdout(output), same_stdout(output):
                yield output
        finally:
            os.chdir(before)
            reset(code, known)


@contextlib.contextmanager
def same_stdout(output: io.StringIO) -> Iterator[None]:
    """Make pytest-codeblocks write to ours, so that output before an error is not lost."""
    from pytest_codeblocks import plugin

    @contextlib.contextmanager
    def given() -> Iterator[io.StringIO]:
        yield output

    original, plugin.stdout_io = plugin.stdout_io, given
    try:
        yield
    finally:
        plugin.stdout_io = original


def keras_classes() -> dict[str, Any]:
    """The classes that Keras can load by name; a block may take such a name for its own."""
    keras = sys.modules.get("keras")
    return dict(keras.saving.get_custom_objects()) if keras else {}


def reset(code: str, known: dict[str, Any]) -> None:
    """Undo what a block may have set for the whole process."""
    used = {name for name in sys.modules.keys() & RESET if name in code}
    if "torch" in used:
        torch = sys.modules["torch"]
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)
    if "keras" in used:
        keras = sys.modules["keras"]
        keras.backend.set_floatx("float32")
        keras.backend.clear_session()
        keras.saving.get_custom_objects().clear()
        keras.saving.get_custom_objects().update(known)
    if "matplotlib.pyplot" in used:
        sys.modules["matplotlib.pyplot"].close("all")
    if sys.modules.keys() & HEAVY - FROZEN:
        FROZEN.update(sys.modules.keys() & HEAVY)
        gc.freeze()  # or each collection of garbage walks through the frameworks again


RESET = {"torch", "keras", "matplotlib.pyplot"}
HEAVY = {"torch", "tensorflow", "keras", "sklearn"}
FROZEN: set[str] = set()


UPDATES = pytest.StashKey[list[tuple[Block, str, str]]]()
ON_SITE = "python_blocks_on_site"


def write_updates(updates: list[tuple[Block, str, str]]) -> None:
    """Put outputs into their pages, last block first so that line numbers stay true."""
    by_line = sorted(updates, key=lambda update: -update[0].fence.line)
    for block, kind, said in by_line:
        lines = block.page.read_text(encoding="utf-8").splitlines()
        if block.shown:
            first, last = block.shown.line - 1, block.shown.last_line
        else:
            first = last = block.fence.last_line
        indent = block.fence.indent
        new = [f"{indent}```{kind}", *(f"{indent}{row}".rstrip() for row in said.splitlines())]
        new = [*new, f"{indent}```"] if said else []
        if not block.shown and new:
            new = ["", *new]
        lines[first:last] = new
        text = "\n".join(lines) + "\n"
        if text != block.page.read_text(encoding="utf-8"):
            block.page.write_text(text, encoding="utf-8", newline="\n")
            print(f"{block.place}: output written")


class Count:
    """Compares the blocks that ran, on all workers together, with those on the site."""

    def __init__(self) -> None:
        self.ran = 0
        self.on_site: int | None = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self.ran += report.nodeid.startswith("docs/") and "::line " in report.nodeid
            self.on_site = dict(report.user_properties).get(ON_SITE, self.on_site)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.on_site not in (None, self.ran) and session.exitstatus == 0 and self.ran:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.on_site is not None:
            line = f"Python blocks: {self.on_site} in the built HTML, {self.ran} ran"
            terminalreporter.write_line(line, green=self.on_site == self.ran)


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Count())


def pytest_sessionfinish(session: pytest.Session) -> None:
    write_updates(session.config.stash.get(UPDATES, []))
