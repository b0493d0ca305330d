"""A block of code that shows a whole snippet says which file that is, and offers it."""

import re

from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

from site_build.plain import FENCE

WHOLE = re.compile(r' *--8<-- "(\w+)/(\w+)\.py" *$')
BLOCK = '<div class="language-python highlight">'


def files_of_blocks(text: str) -> list[list[tuple[str, str]]]:
    """For each Python block of a page, folder and name of the snippets that it shows as a whole."""
    found: list[list[tuple[str, str]]] = []
    marks = ""
    for line in text.splitlines():
        fence = FENCE.match(line)
        if not marks and fence:
            marks, python = fence[1], fence[2].strip() == "python"
            if python:
                found.append([])
        elif marks and fence and fence[1].startswith(marks) and not fence[2].strip():
            marks = ""
        elif marks and python and (file := WHOLE.match(line)):
            found[-1].append((file[1], file[2]))
    return found


def offered(html: str, page: Page) -> str:
    """The page with a line above each such block: a link to the block, one to the file."""
    first, *rest = html.split(BLOCK)
    shown = files_of_blocks(page.markdown or "")
    if len(shown) != len(rest):
        return html
    named: set[str] = set()
    parts = [first]
    for files, part in zip(shown, rest, strict=True):
        lines, anchor = [], ""
        for folder, idea in files:
            target = get_relative_url(f"assets/snippets/{folder}/{idea}.py", page.url)
            name = f"{folder}-{idea}".replace("_", "-")
            lines.append(f'<a href="{target}" download="{idea}.py">{idea}.py</a>')
            if name not in named and not anchor:
                named.add(name)
                anchor = f' id="file-{name}"'
                here = f'<a class="headerlink" href="#file-{name}" title="Link to this code">¶</a>'
                lines[-1] += here
        opening = BLOCK.replace(">", f"{anchor}>")
        if lines:
            opening += f'<p class="rx-file" data-search-exclude>{" ".join(lines)}</p>'
        parts.append(opening + part)
    return "".join(parts)
