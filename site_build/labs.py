"""Labs: jupytext sources under ``docs/labs``, executed once, shown as pages, offered as notebooks.

The key of an execution is the code alone, so a corrected sentence shows at once: the notebook is
put together anew from the source's text and the outputs of the last run.
"""

import base64
import json
import os
from pathlib import Path
from typing import Any

import yaml

from site_build import ROOT
from site_build.results import current

SOURCES = ROOT / "docs" / "labs"
CELL_SECONDS = 120
IMAGES = {"image/svg+xml": "svg", "image/png": "png"}


class LabError(Exception):
    """A lab that cannot be shown as it stands."""


def lab_sources() -> list[Path]:
    """The labs of the project."""
    return sorted(SOURCES.glob("*.py"))


def read(source: Path) -> Any:
    """The lab's cells, without outputs."""
    import jupytext

    notebook = jupytext.read(source)
    if notebook.cells and notebook.cells[0]["cell_type"] == "raw":  # YAML above the kernel's
        notebook.metadata["page"] = next(yaml.safe_load_all(notebook.cells.pop(0)["source"]))
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"  # the same bytes every time
    return notebook


def source_of_code(source: Path) -> bytes:
    """What an execution depends on: the code cells, in order."""
    cells = [cell["source"] for cell in read(source).cells if cell["cell_type"] == "code"]
    return json.dumps(cells).encode()


def execute(name: str, folder: Path) -> None:
    """Run the lab from top to bottom in an empty folder; any error stops it.

    Raises:
        LabError: If a cell fails or hangs, or draws nothing; the message shows the cell.
    """
    import tempfile

    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError
    from traitlets.config import Config

    notebook = read(SOURCES / f"{name}.py")
    os.environ.pop("MPLBACKEND", None)  # a notebook shows its pictures, a script does not
    with tempfile.TemporaryDirectory() as empty, tempfile.TemporaryDirectory() as sockets:
        # ports are looked for first and taken later: kernels that start at once may want the same
        files = {"transport": "ipc", "ip": f"{sockets}/kernel"} if os.name == "posix" else {}
        client = NotebookClient(
            notebook,
            config=Config(KernelManager=files),
            timeout=CELL_SECONDS,
            kernel_name="python3",
            resources={"metadata": {"path": empty}},
            record_timing=False,
            coalesce_streams=True,
        )
        try:
            client.execute()
        except (CellExecutionError, CellTimeoutError) as error:
            raise LabError(f"a cell failed:\n{error}") from None
    for cell in notebook.cells:
        drawn = {mime for output in cell.get("outputs", []) for mime in output.get("data", {})}
        if "plt.show()" in cell["source"] and not drawn & set(IMAGES):
            raise LabError(f"a cell shows no picture although it asks to:\n{cell['source']}")
    outputs = [
        [_plain(output) for output in cell["outputs"]]
        for cell in notebook.cells
        if cell["cell_type"] == "code"
    ]
    (folder / "outputs.json").write_text(json.dumps(outputs), encoding="utf-8")
    for cell_number, cell_outputs in enumerate(outputs):
        for number, output in enumerate(cell_outputs):
            for mime, suffix in IMAGES.items():
                if mime in output.get("data", {}):
                    content = output["data"][mime]
                    image = base64.b64decode(content) if suffix == "png" else content.encode()
                    (folder / f"{cell_number}-{number}.{suffix}").write_bytes(image)
                    break


def _plain(output: Any) -> dict[str, Any]:
    """The output as plain JSON, long text joined."""
    plain: dict[str, Any] = json.loads(json.dumps(output))
    for mime, content in plain.get("data", {}).items():
        if isinstance(content, list):
            plain["data"][mime] = "".join(content)
    return plain


def executed(source: Path) -> Any:
    """The lab as a notebook with the outputs of its last run."""
    import nbformat

    notebook = read(source)
    outputs = json.loads((current(source.stem) / "outputs.json").read_text(encoding="utf-8"))
    code = [cell for cell in notebook.cells if cell["cell_type"] == "code"]
    for number, (cell, found) in enumerate(zip(code, outputs, strict=True), 1):
        cell["execution_count"] = number
        cell["outputs"] = nbformat.from_dict(found)
    return notebook


def to_markdown(notebook: Any, name: str) -> str:
    """The executed lab as a page of the site, its cells as fences."""
    parts = []
    code_number = 0
    for cell in notebook.cells:
        if cell["cell_type"] == "markdown":
            parts.append(cell["source"])
        if cell["cell_type"] != "code":
            continue
        parts.append(_fence("python", cell["source"]))
        said = "".join(output.get("text", "") for output in cell["outputs"]).strip()
        for number, output in enumerate(cell["outputs"]):
            parts.append(_shown(name, f"{code_number}-{number}", output, said))
        code_number += 1
    return "\n\n".join(part for part in parts if part)


def _shown(name: str, number: str, output: Any, said: str) -> str:
    """One output as Markdown; a picture's alternative text is what its cell printed."""
    data = output.get("data", {})
    for mime, suffix in IMAGES.items():
        if mime in data:
            alt = " ".join(said.split()).replace("[", "(").replace("]", ")")
            if not alt:
                raise LabError(f"docs/labs/{name}.py: a cell draws but prints nothing about it")
            return f"![{alt}](/assets/measured/{name}/{number}.{suffix})"
    text = output.get("text") or data.get("text/plain", "")
    return _fence("output", text.rstrip()) if text.strip() else ""


def _fence(language: str, text: str) -> str:
    marks = "```"
    while marks in text:
        marks += "`"
    return f"{marks}{language}\n{text}\n{marks}"
