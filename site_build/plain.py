"""Every page as plain Markdown beside its HTML, and ``llms.txt``, which leads to all of them.

Includes are expanded, measured numbers and claims filled in, tabs and admonitions unfolded into
headings and quotations: what stays is Markdown that any program reads.
"""

import posixpath
import re
import xml.etree.ElementTree as etree  # noqa: N813
from collections.abc import Iterator
from typing import Any

import markdown
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

from site_build import measured

FENCE = re.compile(r" *(`{3,}|~{3,})(.*)$")
BOX = re.compile(r'( *)(===|!!!|\?\?\?\+?) *(\w[\w -]*?)? *(?:"(.*)")?$')
ATTRIBUTES = re.compile(r" *\{:? *[#.][^{}]*\}")
HTML = re.compile(r"^ *</?(?:div|section)\b[^>]*>$", re.MULTILINE)
LINK = re.compile(r"(\]\()(/[^)\s]*|[\w./-]+\.ipynb\b)")


def address(page: Page) -> str:
    """Where the page's Markdown is, from the root of the site: its links work there, too."""
    return page.file.src_uri.replace(".ipynb", ".md")


def in_order(files: Files) -> list[Page]:
    """Every page, in the order of the navigation."""
    found = [file.page for file in files.documentation_pages() if file.page is not None]
    page = next((page for page in found if page.previous_page is None and page.next_page), None)
    ordered = []
    while page is not None:
        ordered.append(page)
        page = page.next_page
    return ordered + [page for page in found if page not in ordered]


def of_page(page: Page, config: MkDocsConfig) -> str:
    """The page's Markdown with everything filled in."""
    folder = posixpath.dirname(page.file.src_uri)
    lines = _expanded(page.markdown or "", config).splitlines()

    def relative(match: re.Match[str]) -> str:
        target = match[2].replace(".ipynb", ".md")
        if target.startswith("/"):
            target = posixpath.relpath(target.lstrip("/"), folder or ".")
        return match[1] + target

    filled = "".join(
        part if code else LINK.sub(relative, HTML.sub("", part))
        for code, part in _parts(_filled(lines))
    )
    text = "".join(
        part if code else re.sub(r"\n{3,}", "\n\n", part)
        for code, part in _parts(_unfolded(filled.splitlines()))
    ).strip()
    source = f"\n---\n\nFrom <{page.canonical_url}>. {config.copyright}\n"
    return text + (source if page.canonical_url else "\n")


def _expanded(text: str, config: MkDocsConfig) -> str:
    """The text with what it includes."""
    name = "pymdownx.snippets"
    options: Any = {name: config.mdx_configs.get(name, {})}
    reader = markdown.Markdown(extensions=[name], extension_configs=options)
    return "\n".join(reader.preprocessors["snippet"].run(text.splitlines()))


def _parts(lines: list[str]) -> Iterator[tuple[bool, str]]:
    """Runs of lines with their ends, and whether they are code."""
    part: list[str] = []
    marks = ""
    for line in lines:
        match = FENCE.match(line)
        if not marks and match:
            yield False, "".join(part)
            part, marks = [], match[1]
        elif marks and match and match[1].startswith(marks) and not match[2].strip():
            yield True, "".join([*part, f"{line}\n"])
            part, marks = [], ""
            continue
        part.append(f"{line}\n")
    yield bool(marks), "".join(part)


def _filled(lines: list[str]) -> list[str]:
    """The lines with numbers, claims and figures as text; code is left alone."""
    found: list[str] = []
    for code, part in _parts(lines):
        if code:
            found += part.splitlines()
            continue
        for line in measured.with_numbers(part).splitlines():
            if measured.BLOCK.match(line.strip()):
                root = etree.Element("div")
                measured.show(root, line.strip())
                indent = line[: len(line) - len(line.lstrip())]
                found += [f"{indent}{row}".rstrip() for row in block(root).splitlines()]
            else:
                found.append(ATTRIBUTES.sub("", line) if line.startswith("#") else line)
    return found


def _unfolded(lines: list[str]) -> list[str]:
    """The lines without the boxes that only this site's Markdown knows."""
    found: list[str] = []
    fence = ""
    while lines:
        line, *lines = lines
        mark = FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        box = None if fence or mark else BOX.match(line)
        if box is None or box[3] is box[4] is None:
            found.append(line)
            continue
        indent, sign = box[1], box[2]
        inner = len(indent) + 4
        body = []
        while lines and (not lines[0].strip() or lines[0].startswith(" " * inner)):
            body.append(indent + lines[0][inner:])
            lines = lines[1:]
        title = box[4] or (box[3] or "").capitalize()
        content = [f"{indent}**{title}**", "", *_unfolded(body[1:] if not body[0] else body), ""]
        if sign != "===":
            while not content[-1].strip():
                content.pop()
            content = [f"{indent}> {row[len(indent) :]}".rstrip() for row in content] + [""]
        found += content
    return found


def block(element: etree.Element) -> str:
    """One of our own elements as Markdown: paragraphs, lists, headings, links and pictures."""
    if element.get("class") == "rx-figure__links":
        return ""
    if element.tag in {"h2", "h3"}:
        return f"{'#' * int(element.tag[1])} {inline(element)}"
    if element.tag == "img":
        return f"![{element.get('alt')}]({element.get('src')})"
    if element.tag in {"ul", "ol"}:
        items = [block(item).replace("\n", "\n  ") for item in element]
        return "\n".join(f"- {item}".rstrip().replace("\n  \n", "\n\n") for item in items)
    if element.tag == "p" or not any(child.tag in BLOCKS for child in element):
        text = inline(element)
        return f"**{text}**" if element.get("class") == "rx-figure__title" else text
    return "\n\n".join(part for child in element if (part := block(child)))


BLOCKS = {"div", "figure", "figcaption", "h2", "h3", "img", "li", "ol", "p", "ul"}


def inline(element: etree.Element) -> str:
    """The text of an element, whose own text is Markdown already."""
    text = element.text or ""
    for child in element:
        within = inline(child)
        if child.tag == "a" and not str(child.get("href")).startswith("#"):
            within = f"[{within}]({child.get('href')})"
        elif child.tag == "code":
            within = f"`{within}`"
        elif child.tag == "strong":
            within = f"**{within}**: "
        elif child.tag == "small":
            within = f" ({within})"
        text += within + (child.tail or "")
    return text


def llms(pages: list[Page], config: MkDocsConfig) -> str:
    """The site in short, as https://llmstxt.org asks for: each page with a line about it."""
    lines = [f"# {config.site_name}", "", f"> {config.site_description}"]
    lines += ["", "Every page is here as Markdown, with its code and its measured numbers."]
    section = None
    for page in pages:
        heading = page.parent.title if page.parent else "Start here"
        if heading != section:
            lines += ["", f"## {heading}", ""]
            section = heading
        url = (config.site_url or "") + address(page)
        lines.append(f"- [{page.title}]({url}): {page.meta.get('description', '')}")
    return "\n".join(lines) + "\n"
