"""What an author can break, and the message that names the place."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.build.project import PAGE, build, change, run_pages


@dataclass(frozen=True)
class Fault:
    """An edit, the command that must fail, and what it must say."""

    name: str
    edit: Callable[[Path], None]
    command: Callable[[Path], object]
    says: tuple[str, ...]


def in_page(old: str, new: str) -> Callable[[Path], None]:
    return lambda project: change(project / "docs/index.md", old, new)


def in_file(file: str, old: str, new: str) -> Callable[[Path], None]:
    return lambda project: change(project / file, old, new)


LINES = PAGE.splitlines()
NUMPY, PYTORCH = LINES.index('=== "NumPy"'), LINES.index('=== "PyTorch"')
FIRST, SECOND = f"docs/index.md:{NUMPY + 3}", f"docs/index.md:{PYTORCH + 3}"

FAULTS = [
    Fault("unknown math", in_page(r"\frac", r"\fraq"), build, ("index.md", r"\fraq")),
    Fault("missing region", in_page("twice.py:body", "twice.py:nobody"), build, ("nobody",)),
    Fault(
        "missing region, in the tests",
        in_page("twice.py:body", "twice.py:nobody"),
        run_pages,
        ("index.md", "nobody"),
    ),
    Fault("missing snippet", in_page('twice.py"', 'thrice.py"'), build, ("thrice.py",)),
    Fault("broken anchor", in_page("(#further)", "(#farther)"), build, ("index.md", "#farther")),
    Fault("broken link", in_page("(#further)", "(l2.md)"), build, ("index.md", "l2.md")),
    Fault("unknown fact", in_page("small.value:", "small.worth:"), build, ("small.worth", "value")),
    Fault(
        "misspelt fact", in_page("{{ small.value:.2f }}", "{{ Value }}"), build, ("{{ Value }}",)
    ),
    Fault("unknown experiment", in_page("small.line", "big.line"), build, ("'big'", "big.py")),
    Fault("unknown figure", in_page("small.line", "small.row"), build, ("'row'", "line")),
    Fault("unknown claim", in_page("[[claims: small]]", "[[claim: small.ten]]"), build, ("'ten'",)),
    Fault(
        "fence with a title",
        in_page('```python\n    --8<-- "numpy/twice.py"', '```python title="x"\n    print(1)'),
        run_pages,
        (FIRST, 'python title="x"'),
    ),
    Fault(
        "fence under another name",
        in_page('```python\n    --8<-- "numpy/twice.py"', "```py\n    print(1)"),
        run_pages,
        (FIRST, "```py"),
    ),
    Fault(
        "skipped block",
        in_page('=== "NumPy"\n\n', '=== "NumPy"\n\n    <!--pytest.mark.skip-->\n'),
        run_pages,
        (FIRST, "none is skipped"),
    ),
    Fault("changed output", in_page("4.0", "5.0"), run_pages, (FIRST, "5.0", "4.0")),
    Fault(
        "output not shown", in_page("print(twice(2.0))", "print(1); print(4.0)"), run_pages, ("1",)
    ),
    Fault("another error", in_page("twice(None)", "twice"), run_pages, (SECOND,)),
    Fault(
        "wrong factor in a snippet",
        in_file("snippets/numpy/twice.py", "2.0 * x", "3.0 * x"),
        run_pages,
        (FIRST, "6.0"),
    ),
    Fault(
        "claim that no longer holds",
        in_file("snippets/numpy/twice.py", "2.0 * x", "3.0 * x"),
        build,
        ("experiments/small.py", "small.two does not hold", "It is 3.0."),
    ),
    Fault(
        "claim that shows nothing",
        in_file("experiments/small.py", "f.value == 2.0", "f.value >= 0"),
        build,
        ("experiments/small.py", "small.two also holds", "x=0.0"),
    ),
    Fault(
        "failing experiment",
        in_file("experiments/small.py", "Facts(twice(x))", "Facts(1 / 0)"),
        build,
        ("experiments/small.py", "ZeroDivisionError"),
    ),
    Fault(
        "experiment that is no Python",
        in_file("experiments/small.py", "class Facts:", "class Facts"),
        build,
        ("experiments/small.py", "line"),
    ),
    Fault(
        "figure without words",
        in_file("experiments/small.py", '"A rising line."', '" "'),
        build,
        ("small.line has no alternative text",),
    ),
    Fault(
        "failing lab cell",
        in_file("docs/labs/small_lab.py", "2 + 3", "2 / 0"),
        build,
        ("docs/labs/small_lab.py", "ZeroDivisionError"),
    ),
    Fault(
        "broken link in a lab",
        in_file("docs/labs/small_lab.py", "../index.md", "../outdex.md"),
        build,
        ("small_lab", "outdex.md"),
    ),
    Fault(
        "unknown math in a lab",
        in_file("docs/labs/small_lab.py", "$x^2$", r"$\fraq$"),
        build,
        ("small_lab", r"\fraq"),
    ),
    Fault(
        "page that is not UTF-8",
        lambda project: (project / "docs/index.md").write_bytes(b"# \xe9\n"),
        run_pages,
        ("index.md", "not UTF-8"),
    ),
    Fault(
        "fence without end",
        in_page("    ```error", "    ```python"),
        run_pages,
        ("docs/index.md",),
    ),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_named(project: Path, fault: Fault) -> None:
    kept = {path.name for path in (project / ".cache/rendered").rglob("result.json")}
    fault.edit(project)
    done = fault.command(project)
    said = done.stdout + done.stderr  # type: ignore[attr-defined]
    assert done.returncode != 0, f"{fault.name} passed in silence"  # type: ignore[attr-defined]
    for words in fault.says:
        assert words in said, f"{fault.name}: {words!r} is not in\n{said}"
    assert kept == {path.name for path in (project / ".cache/rendered").rglob("result.json")}


def test_the_small_project_is_whole(project: Path) -> None:
    done = run_pages(project)
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_windows_line_ends_change_nothing(project: Path) -> None:
    for file in [*project.glob("docs/*.md"), *project.glob("snippets/**/*.py")]:
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert run_pages(project).returncode == 0
    assert build(project).returncode == 0


def test_a_block_that_fails_unasked_is_not_written_down(project: Path) -> None:
    page = project / "docs/index.md"
    change(page, "print(twice(2.0))", "print(twice(two))")
    before = page.read_text(encoding="utf-8")
    done = run_pages(project, "--update-outputs")
    assert done.returncode == 1
    assert f"{FIRST}: NameError" in done.stdout
    assert page.read_text(encoding="utf-8") == before


def test_outputs_are_rewritten_in_place(project: Path) -> None:
    page = project / "docs/index.md"
    before = page.read_text(encoding="utf-8")
    change(page, "    4.0", "    five")
    change(page, "    ```output\n    five\n    ```\n\n", "")  # written anew where there is none
    change(page, "    TypeError: ", "    NameError: ")
    assert run_pages(project).returncode == 1
    assert run_pages(project, "--update-outputs").returncode == 0
    assert page.read_text(encoding="utf-8") == before
