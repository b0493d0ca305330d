"""Mutation testing of the snippets: ``make mutants``, or ``make mutants SNIPPET=numpy/l2_penalty``.

Every mutant (see ``making``) must make a test fail; one that no test notices survives. Survivors
that change nothing which can be seen are listed in ``survivors.yml`` with the reason. What is
known is kept in ``.cache/mutants``: a run that was stopped goes on, and a change of a snippet or
test repeats what it concerns.

mutmut itself does not fit: it leaves out decorated functions (``step`` of every optimizer is one),
replaces functions by trampolines, which Keras's serialization and AutoGraph do not see through,
and forks from a process that has run TensorFlow.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "TORCHDYNAMO_DISABLE": "1",  # compiled functions run as they are read
}
LEAST = 0.95
"""The share of mutants that tests must kill."""


def main() -> None:
    """Try all mutants whose fate is not known, and report."""
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        os.environ.update(ONE_THREAD)
        os.execv(sys.executable, [sys.executable, "-m", "tests.mutants", *sys.argv[1:]])
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("snippet", nargs="*", help="a folder or a snippet: keras, numpy/dropout")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()

    from tests.mutants.making import SNIPPETS

    asked = options.snippet or [""]
    snippets = [
        s
        for s in SNIPPETS
        if any(s == a or s.startswith(a.rstrip("/") + "/") or not a for a in asked)
    ]
    if not snippets:
        sys.exit(f"no snippet is called {' or '.join(asked)}")
    try_all(snippets, options.workers)
    sys.exit(report(snippets))


def try_all(snippets: list[str], workers: int) -> None:
    """Try every mutant whose fate is not known: on the tests that mirror it, then on others."""
    from tests.mutants.running import import_frameworks

    import_frameworks()
    try_on("mirror", snippets, workers)
    left = [s for s in snippets if not all(fate["by"] for fate in fates(s).values())]
    try_on("parity", left, workers)


def try_on(tests: str, snippets: list[str], workers: int) -> None:
    """One round: what survives is tried on the tests that mirror a snippet, or on parity tests."""
    from tqdm import tqdm

    from tests.mutants import running

    mirror = tests == "mirror"
    files = {s: running.mirror_of(s) if mirror else running.others_of(s) for s in snippets}
    wanted = sorted({file for each in files.values() for file in each})
    unknown = [file for file in wanted if running.read_baseline(file) is None]
    with tqdm(total=len(unknown), desc=f"{tests}: tests as they are", unit="file") as bar:
        jobs = (
            running.Job(lambda f=file: running.measure(f), lambda _: bar.update(), cpu_seconds=600)
            for file in unknown
        )
        running.run_jobs(jobs, workers)
    if missing := [file.name for file in unknown if running.read_baseline(file) is None]:
        sys.exit(f"these tests cannot be run, with no mutant: {' '.join(missing)}")
    with tqdm(total=0, unit="mutant") as bar:

        def all_jobs() -> Iterator[Any]:
            for snippet in snippets:
                bar.set_description(f"{tests}: {snippet}")
                yield from jobs_of(snippet, files[snippet], bar, mirror)

        running.run_jobs(all_jobs(), workers)


def jobs_of(snippet: str, files: list[Path], bar: Any, mirror: bool) -> Iterator[Any]:
    """The mutants of a snippet that are to be tried; each writes down what became of it."""
    from tests.mutants import running
    from tests.mutants.making import mutants

    baselines = {file: base for file in files if (base := running.read_baseline(file))}
    seconds = running.seconds_of(baselines)
    first, others = running.mirror_of(snippet), running.others_of(snippet)
    known, results, todo = fates(snippet), {}, []
    for mutant in mutants(snippet):
        old = known.get(mutant.name)
        source = running.digest_of(mutant.source)
        rests_on = running.keys(old["by"], first, others) if old else []
        if old and old["source"] == source and old["tests"] in rests_on:
            results[mutant.name] = old
            if mirror or old["by"] or old["tests"] == rests_on[0]:  # tried on all tests
                continue
        todo.append((mutant, source))
    running.write_json(results_file(snippet), results)
    bar.total += len(todo)
    for mutant, source in todo:

        def done(by: Any, name: str = mutant.name, source: str = source) -> None:
            by = "out of time" if by is None else by
            tests = running.keys(by, first, [] if mirror else others)[0]
            results[name] = {"by": by, "source": source, "tests": tests}
            running.write_json(results_file(snippet), results)
            bar.update()
            if not by:
                bar.write(f"survived: {snippet} {name}")

        stages = running.chosen(snippet, mutant, baselines)
        limit = 10 + 3 * sum(seconds[test] for stage in stages for test in stage)
        yield running.Job(lambda m=mutant, s=stages: running.try_mutant(snippet, m, s), done, limit)


def fates(snippet: str) -> dict[str, dict[str, str]]:
    """What became of the mutants of a snippet: what killed each, and on which files that rests."""
    path = results_file(snippet)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def results_file(snippet: str) -> Path:
    """Where the fates of a snippet's mutants are kept."""
    from tests.mutants.running import RESULTS

    return RESULTS / f"{snippet.replace('/', '.')}.json"


def report(snippets: list[str]) -> int:
    """Print what was killed and what survived; 1 if tests must be mended."""
    from tests.mutants.survivors import listed

    reasons = listed()
    made = killed = 0
    unlisted, revived = [], []
    for snippet in snippets:
        results = fates(snippet)
        made += len(results)
        killed += sum(bool(fate["by"]) for fate in results.values())
        given = reasons.get(snippet, {})
        unlisted += [
            (snippet, name) for name, f in results.items() if not f["by"] and name not in given
        ]
        revived += [(snippet, name) for name, f in results.items() if f["by"] and name in given]
    print(f"{killed} of {made} mutants killed: {killed / max(made, 1):.1%}")
    for snippet, name in revived:
        print(f"killed, though survivors.yml lists it: {snippet} {name}")
    for snippet, name in unlisted:
        print(f"survived, and survivors.yml gives no reason: {snippet} {name}")
    if killed < LEAST * made:
        print(f"at least {LEAST:.0%} must be killed")
    return int(bool(unlisted) or killed < LEAST * made)


if __name__ == "__main__":
    main()
