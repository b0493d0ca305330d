"""The render step: only what is stale, complete or not at all, whatever happens meanwhile."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_client.connect import LocalPortCache

from site_build import labs
from tests.build.project import change, run

SECOND = "experiments/second.py"


def render(project: Path) -> str:
    done = run(project, "site_build.render")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def second(project: Path) -> None:
    """A second experiment, which imports no snippet."""
    text = (project / "experiments/small.py").read_text(encoding="utf-8")
    text = text.replace("from snippets.numpy.twice import twice\n", "").replace(
        "twice(x)", "2.0 * x"
    )
    (project / SECOND).write_text(text, encoding="utf-8")


def test_only_what_depends_on_a_change_is_rendered(project: Path) -> None:
    assert render(project) == "everything was fresh"
    second(project)
    assert render(project) == "rendered second"
    change(project / SECOND, "A rising line.", "A line that rises.")
    assert render(project) == "rendered second"
    change(project / "snippets/numpy/twice.py", "Two times x", "x, two times")
    assert render(project) == "rendered small"
    (project / "experiments/second.json").write_text("[1]")  # measured before, read now
    assert render(project) == "rendered second"
    (project / "docs/labs/small_lab.py").write_text("# %%\nprint('five is', 5)\n")
    assert render(project) == "rendered small_lab"
    with (project / "constraints.txt").open("a") as file:
        file.write("# another version\n")
    assert render(project) == "rendered second, small, small_lab"
    assert render(project) == "everything was fresh"


def test_a_corrected_sentence_does_not_run_the_lab_again(project: Path) -> None:
    change(project / "docs/labs/small_lab.py", "# # Small lab", "# # Little lab")
    assert render(project) == "everything was fresh"


def test_a_damaged_result_is_rendered_again(project: Path) -> None:
    result = next((project / ".cache/rendered/small").rglob("result.json"))
    whole = result.read_bytes()
    result.write_bytes(whole[:40])
    assert render(project) == "rendered small"
    assert result.read_bytes() == whole, "the same input gives the same bytes"


def test_the_same_input_gives_the_same_pictures(project: Path) -> None:
    picture = next((project / ".cache/rendered/small").rglob("line.svg"))
    before = picture.read_bytes()
    shutil.rmtree(project / ".cache/rendered/small")
    render(project)
    assert picture.read_bytes() == before


def test_two_renders_at_once_and_a_killed_one_do_no_harm(project: Path) -> None:
    shutil.rmtree(project / ".cache/rendered")
    command = [sys.executable, "-m", "site_build.render"]
    killed = subprocess.Popen(command, cwd=project, stderr=subprocess.PIPE)
    try:
        killed.wait(timeout=0.7)
    except subprocess.TimeoutExpired:
        killed.kill()
        killed.communicate()
    both = [subprocess.Popen(command, cwd=project, stderr=subprocess.PIPE) for _ in range(2)]
    said = [process.communicate()[1].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0], "\n".join(said)
    assert render(project) == "everything was fresh"


@pytest.mark.skipif(os.name != "posix", reason="Windows has no sockets that are files")
def test_a_lab_asks_for_no_port_which_another_might_take_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(*_: object) -> int:
        raise OSError("Address already in use")

    (tmp_path / "tiny.py").write_text("# %%\nprint(2 + 3)\n", encoding="utf-8")
    monkeypatch.setattr(labs, "SOURCES", tmp_path)
    monkeypatch.setattr(LocalPortCache, "find_available_port", none_left)
    labs.execute("tiny", tmp_path)
    assert '"5\\n"' in (tmp_path / "outputs.json").read_text(encoding="utf-8")


def test_a_cache_that_cannot_be_written_is_named(project: Path) -> None:
    shutil.rmtree(project / ".cache")
    (project / ".cache").write_text("a file where the folder should be")
    done = run(project, "site_build.render")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "cache folder .cache/ cannot be written" in done.stderr


def test_nothing_heavy_is_imported_when_all_is_fresh(project: Path) -> None:
    program = (
        "import sys; from mkdocs.__main__ import cli\n"
        "try: cli(['build', '-q', '-d', 'site'])\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'tensorflow', 'keras', 'matplotlib', 'altair'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=project, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_the_server_says_when_its_port_is_taken(project: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run(project, "site_build.serve", port)
    assert done.returncode != 0
    assert done.stderr.strip().count("\n") == 0
    assert f"port {port}" in done.stderr
    assert "make serve PORT=" in done.stderr
    assert run(project, "site_build.serve", "web").returncode != 0
