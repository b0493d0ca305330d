"""Renders what is stale: experiments and labs, in parallel, each in a process of its own.

Importing the frameworks takes longer than most experiments. Where processes can fork (on Linux),
one server imports them once, and each experiment runs in a fork of it that has computed nothing
yet; multiprocessing's own fork server does this. Elsewhere, each process imports what it needs.

A result is stale when its own source, a JSON file of the same name beside it, a project file
that it imports, or a locked version changed. Its key, a hash over all of these, names the
folder that holds it, so a result is complete or absent, two renders at once do not harm each
other, and an interrupted one loses nothing that was there.
"""

import contextlib
import hashlib
import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

from mkdocs.exceptions import BuildError
from tqdm import tqdm

from site_build import CACHE, ROOT
from site_build.memory import digest, once
from site_build.results import RENDERED, intact
from site_build.worker import work

LIMIT_SECONDS = 300
"""A task that takes longer hangs; on two cores none takes a fifth of it."""

PACKAGES = ("snippets", "experiments", "site_build")
SOURCES = (*(f"{package}/**/*.py" for package in PACKAGES), "experiments/*.json", "docs/labs/*.py")
"""What a result may depend on, beside the locked versions."""
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "KERAS_BACKEND": "tensorflow",
    "CUDA_VISIBLE_DEVICES": "",  # all numbers are the processor's
    "MPLBACKEND": "Agg",
    "PYTHONHASHSEED": "0",
}
"""Parallel tasks share the cores, and sums add up in the same order on every machine size."""

SLOW_IMPORTS = {
    "torch": ("torch",),
    "keras": ("tensorflow", "keras"),
    "tensorflow": ("tensorflow",),
    "sklearn": ("sklearn.datasets", "sklearn.linear_model", "sklearn.model_selection"),
    "matplotlib": ("matplotlib.figure", "matplotlib.backends.backend_svg"),
    "altair": ("altair",),
    "vl_convert": ("vl_convert",),
}
"""What the server imports for tasks that import the package on the left."""


@dataclass(frozen=True)
class Task:
    """One experiment or lab, and the key of the result that its sources ask for."""

    kind: str
    name: str
    source: Path
    key: str
    packages: frozenset[str] = frozenset()

    @property
    def folder(self) -> Path:
        """Where the complete result is, once it is there."""
        return RENDERED / self.name / self.key

    @property
    def stale(self) -> bool:
        """Whether the result is missing or damaged."""
        return not intact(self.folder)


def tasks() -> list[Task]:
    """Every experiment and lab of the project, looked for anew when a file that counts changed."""
    files = sorted(file for name in SOURCES for file in ROOT.glob(name))
    key = digest(*(f"{file.relative_to(ROOT)} {_key([file.read_bytes()])}" for file in files))
    listed = once("tasks", key, lambda: [_listed(task) for task in _find_tasks()])
    return [
        Task(kind, name, ROOT / source, key, frozenset(packages))
        for kind, name, source, key, packages in listed
    ]


def _listed(task: Task) -> list[Any]:
    source = task.source.relative_to(ROOT).as_posix()
    return [task.kind, task.name, source, task.key, sorted(task.packages)]


def _find_tasks() -> list[Task]:
    from site_build.labs import lab_sources, source_of_code

    imports = _Imports()
    found = []
    for source in sorted((ROOT / "experiments").glob("*.py")):
        if "\nEXPERIMENT" in source.read_text(encoding="utf-8"):
            modules = (f"experiments.{source.stem}", "site_build.worker")
            files = imports.files(*modules)
            files += [data] if (data := source.with_suffix(".json")).exists() else []
            key = _key(file.read_bytes() for file in files)
            packages = imports.packages(*modules)
            found.append(Task("experiment", source.stem, source, key, packages))
    for source in lab_sources():
        files = imports.files("site_build.labs", "site_build.worker")
        key = _key((source_of_code(source), *(file.read_bytes() for file in files)))
        found.append(Task("lab", source.stem, source, key))
    return found


class _Imports:
    """Which project files a module imports, directly or not."""

    def __init__(self) -> None:
        import grimp
        from grimp.exceptions import SourceSyntaxError

        try:
            with writing_to_cache():
                CACHE.mkdir(exist_ok=True)
                self.graph = grimp.build_graph(
                    *PACKAGES, include_external_packages=True, cache_dir=str(CACHE / "grimp")
                )
        except SourceSyntaxError as error:
            raise BuildError(str(error)) from None

    def files(self, *modules: str) -> list[Path]:
        """The project's own."""
        return [_file(name) for name in self._names(modules) if _ours(name)]

    def packages(self, *modules: str) -> frozenset[str]:
        """Everybody else's."""
        return frozenset(name for name in self._names(modules) if not _ours(name))

    def _names(self, modules: tuple[str, ...]) -> list[str]:
        names = set(modules)
        for module in modules:
            names |= self.graph.find_upstream_modules(module)
        return sorted(names)


def _ours(module: str) -> bool:
    return module.partition(".")[0] in PACKAGES


def _file(module: str) -> Path:
    path = ROOT / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _key(contents: Iterable[bytes]) -> str:
    whole = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    for content in ((ROOT / "constraints.txt").read_bytes(), *contents):
        whole.update(hashlib.sha256(content.replace(b"\r\n", b"\n")).digest())
    return whole.hexdigest()[:16]


def render_stale(progress: bool = True) -> list[str]:
    """Bring every result up to date; returns the names of what was rendered.

    Raises:
        BuildError: If a task fails; what succeeded beside it is kept.
    """
    everything = tasks()
    stale = [task for task in everything if task.stale]
    failures = []
    if stale:
        with (
            _environment(ONE_THREAD),
            tqdm(total=len(stale), desc="Rendering", unit="task", disable=not progress) as bar,
            ThreadPoolExecutor(max_workers=min(len(stale), os.cpu_count() or 1)) as pool,
        ):
            server = _server(stale)
            labs_first = sorted(stale, key=lambda task: task.kind != "lab")  # they take longest
            running = {pool.submit(_run, task, server): task for task in labs_first}
            for done in as_completed(running):
                bar.set_postfix_str(running[done].name)
                bar.update()
                if (failure := done.result()) is not None:
                    failures.append(failure)
    for task in everything:
        if intact(task.folder):
            with writing_to_cache():
                _make_current(task)
    if failures:
        raise BuildError("\n\n".join(failures))
    return [task.name for task in stale]


def _server(stale: list[Task]) -> BaseContext:
    """What starts processes: a server that has imported what the stale tasks need."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    server = multiprocessing.get_context("forkserver")
    needed = set().union(*(task.packages for task in stale)) & SLOW_IMPORTS.keys()
    server.set_forkserver_preload([name for key in sorted(needed) for name in SLOW_IMPORTS[key]])
    return server


def _run(task: Task, server: BaseContext) -> str | None:
    """Render one task into a new folder and move it into place; returns what went wrong."""
    with writing_to_cache():
        task.folder.parent.mkdir(parents=True, exist_ok=True)
        work_folder = Path(tempfile.mkdtemp(prefix="new-", dir=task.folder.parent))
    place = task.source.relative_to(ROOT).as_posix()
    said = work_folder.with_suffix(".log")
    # a lab computes in a notebook's kernel, which imports for itself
    context = multiprocessing.get_context("spawn") if task.kind == "lab" else server
    process = context.Process(target=work, args=(task.kind, task.name, str(work_folder), str(said)))  # type: ignore[attr-defined]
    try:
        process.start()
        process.join(LIMIT_SECONDS)
        if process.is_alive():
            process.kill()
            process.join()
            return f"{place} failed: it was stopped after {LIMIT_SECONDS} seconds"
        if process.exitcode:
            return f"{place} failed:\n{said.read_text(encoding='utf-8', errors='replace').strip()}"
        with writing_to_cache():
            if task.folder.exists() and not intact(task.folder):
                shutil.rmtree(task.folder)
            try:
                work_folder.rename(task.folder)
            except OSError:  # another render was faster
                if not intact(task.folder):
                    raise
    finally:
        shutil.rmtree(work_folder, ignore_errors=True)
        said.unlink(missing_ok=True)
    return None


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables for the processes that are started meanwhile."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _make_current(task: Task) -> None:
    """Point to the new result, then drop the ones before it."""
    pointer = task.folder.parent / "current"
    if pointer.exists() and pointer.read_text(encoding="utf-8") == task.key:
        return
    new = pointer.with_name(f"current-{os.getpid()}")
    new.write_text(task.key, encoding="utf-8")
    new.replace(pointer)
    for old in task.folder.parent.iterdir():
        if old.is_dir() and old != task.folder and not old.name.startswith("new-"):
            shutil.rmtree(old, ignore_errors=True)


@contextlib.contextmanager
def writing_to_cache() -> Iterator[None]:
    """Turn a full disk or a read-only folder into one clear line."""
    try:
        yield
    except OSError as error:
        raise BuildError(f"the cache folder {CACHE.name}/ cannot be written: {error}") from None


def main() -> None:
    """Render what is stale and say what was done."""
    try:
        rendered = render_stale()
    except BuildError as error:
        sys.exit(f"{error}")
    print(f"rendered {', '.join(rendered)}" if rendered else "everything was fresh")


if __name__ == "__main__":
    main()
