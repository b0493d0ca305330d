"""The code blocks of a page as its reader sees them: includes expanded, tabs and lists dedented.

pytest-codeblocks reads the page that this module writes for it: every fence on a line of its own,
every ``output`` or ``error`` fence announced as the expected output of the block before it.
"""

import functools
import io
import re
from dataclasses import dataclass
from pathlib import Path

import markdown
import yaml
from markdown.extensions import Extension
from pymdownx.snippets import SnippetMissingError, SnippetPreprocessor
from pytest_codeblocks import extract_from_buffer
from pytest_codeblocks.main import CodeBlock

from site_build import ROOT

FENCE = re.compile(r"^(?P<indent>[ ]*)(?P<marks>`{3,}|~{3,})(?P<info>.*)$")
PYTHON = {"python", "py", "python3", "py3", "pycon"}
TOLD = {"output", "error"}
EXPECTED = "<!--pytest-codeblocks:expected-output-->"


class PageError(Exception):
    """A page whose code cannot be tested as it stands; the message names page and line."""


@dataclass(frozen=True)
class Fence:
    """One fence of a page: where it stands and what is in it, includes expanded."""

    line: int
    last_line: int
    indent: str
    info: str
    text: str


@dataclass(frozen=True)
class Block:
    """A Python block and what the page says it prints, or how it stops."""

    page: Path
    fence: Fence
    code: CodeBlock
    shown: Fence | None

    @property
    def place(self) -> str:
        """Page and line, as an editor understands them."""
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.fence.line}"


def pages() -> list[Path]:
    """Every Markdown page whose code is tested."""
    return [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md"]


def fences(page: Path) -> list[Fence]:
    """The fences of a page, in order.

    Raises:
        PageError: If a fence does not end, an include is missing, or the page is not UTF-8.
    """
    try:
        lines = page.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise PageError(f"{page}: not UTF-8: {error}") from None
    found: list[Fence] = []
    start: tuple[int, re.Match[str]] | None = None
    for number, line in enumerate(lines, 1):
        match = FENCE.match(line)
        if start is None:
            start = (number, match) if match else None
        elif match and match["marks"].startswith(start[1]["marks"]) and not match["info"].strip():
            first, opening = start
            text = _expand(page, first, lines[first : number - 1], opening["indent"])
            info = opening["info"].strip()
            found.append(Fence(first, number, opening["indent"], info, text))
            start = None
    if start is not None:
        raise PageError(f"{page}:{start[0]}: this fence does not end")
    return found


def _expand(page: Path, line: int, body: list[str], indent: str) -> str:
    try:
        expanded = [out for row in body for out in _snippets().run([row])]
    except SnippetMissingError as error:
        raise PageError(f"{page}:{line}: {error}") from None
    return "".join(f"{row.removeprefix(indent)}\n" for row in expanded)


@functools.cache
def _snippets() -> SnippetPreprocessor:
    """pymdownx's own include preprocessor, with the site's options."""
    config = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader=_Options)
    extensions = [item for item in config["markdown_extensions"] if isinstance(item, dict)]
    options = next(item for item in extensions if "pymdownx.snippets" in item)["pymdownx.snippets"]
    options["base_path"] = [str(ROOT / path) for path in options["base_path"]]
    names: list[str | Extension] = ["pymdownx.snippets"]
    settings = {"pymdownx.snippets": options}
    return markdown.Markdown(extensions=names, extension_configs=settings).preprocessors["snippet"]


class _Options(yaml.SafeLoader):
    """Reads mkdocs.yml without resolving its tags."""


_Options.add_multi_constructor("!", lambda loader, suffix, node: None)
_Options.add_multi_constructor("tag:", lambda loader, suffix, node: None)


def blocks(page: Path) -> list[Block]:
    """The Python blocks of a page, read by pytest-codeblocks.

    Raises:
        PageError: If a fence would be passed over without a word, or a marker asks to skip.
    """
    rel = page.relative_to(ROOT).as_posix()
    found = fences(page)
    for fence in found:
        language = re.split(r"[\s{]", fence.info.lstrip("{. "))[0].lower()
        if language in PYTHON and fence.info != "python":
            raise PageError(
                f"{rel}:{fence.line}: write ```python alone, not ```{fence.info}: readers get the "
                "same page, and nothing of it goes untested"
            )
    text = page.read_text(encoding="utf-8")
    if marker := re.search(r"<!--[-\s]*pytest[.-](?!codeblocks:expected)[^>]*-->", text):
        line = text[: marker.start()].count("\n") + 1
        raise PageError(f"{rel}:{line}: {marker[0]}: every block runs; none is skipped or marked")
    python = [n for n, fence in enumerate(found) if fence.info == "python"]
    shown = [
        found[n + 1] if n + 1 < len(found) and found[n + 1].info in TOLD else None for n in python
    ]
    lost = [f for n, f in enumerate(found) if f.info in TOLD and (n - 1) not in python]
    if lost:
        raise PageError(f"{rel}:{lost[0].line}: ```{lost[0].info} follows no Python block")
    plain = "".join(
        f"```python\n{found[n].text}```\n"
        + (f"{EXPECTED}\n```text\n{told.text}```\n" if told else "")
        for n, told in zip(python, shown, strict=True)
    )
    codes = extract_from_buffer(io.StringIO(plain), max_num_lines=1_000_000)
    return [
        Block(page, found[n], code, told)
        for n, code, told in zip(python, codes, shown, strict=True)
    ]
