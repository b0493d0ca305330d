"""MkDocs hooks, kept thin: render what is stale, hand its files to MkDocs, show labs as pages."""

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import BuildError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from site_build import CACHE, ROOT, cards, downloads, labs, plain, provenance
from site_build.charts import bundle
from site_build.listings import snippet_files
from site_build.memory import digest, once
from site_build.policy import with_policy
from site_build.render import render_stale, tasks, writing_to_cache
from site_build.results import current

NOTEBOOKS = CACHE / "notebooks"
MEASURED = (".vl.json", ".vg.json", "result.json")
PLAIN_TOKEN = re.compile(r'<span class="(?:n|o|p|sa|w)">([^<]*)</span>')
CODE = re.compile(r"(<pre\b.*?</pre>|<script\b.*?</script>)", re.DOTALL)
INDENTATION = re.compile(r"\n\s+")
STRING_TOKENS = re.compile(r'(?:<span class="s[2i]">[^<]*</span>){2,}')
PAGE_LINK = re.compile(r"\]\(\.\./([\w/-]+)\.md(#[\w-]+)?\)")
MENDED = {
    'role="dialog"': 'role="dialog" aria-label="Search"',  # screen readers ask for its name
    'type="checkbox" id="__drawer" autocomplete="off"': 'type="checkbox" id="__drawer"',
    'type="checkbox" id="__search" autocomplete="off"': 'type="checkbox" id="__search"',
    ' tabindex=""': "",
}
"""What the theme writes, and what it should write: names, and HTML that is valid."""

commands: list[str] = []


def on_startup(command: str, dirty: bool) -> None:
    """Remember whether MkDocs serves, which adds a script to every page, or builds."""
    commands.append(command)


def on_pre_build(config: MkDocsConfig) -> None:
    """Bring experiments and labs up to date."""
    render_stale()


@event_priority(50)  # before mkdocs-jupyter looks for notebooks
def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add pictures, charts, executed labs and code to what MkDocs copies and checks."""
    for task in tasks():
        folder = current(task.name)
        for file in sorted(folder.iterdir()):
            if file.suffix in {".svg", ".png"} or file.name.endswith(MEASURED):
                uri = f"assets/measured/{task.name}/{file.name}"
                files.append(File.generated(config, uri, abs_src_path=str(file)))
        if task.kind == "experiment":
            uri = f"assets/experiments/{task.source.name}"
            files.append(File.generated(config, uri, abs_src_path=str(task.source)))
        if task.kind == "lab":
            file = write_notebook(task.source, config.site_url or "")
            notebook = file.relative_to(NOTEBOOKS).as_posix()
            # not File.generated: mkdocs-jupyter asks for a folder and a path in it
            files.append(File(notebook, str(NOTEBOOKS), config.site_dir, config.use_directory_urls))
    for file in snippet_files():
        uri = f"assets/snippets/{file.parent.name}/{file.name}"
        files.append(File.generated(config, uri, abs_src_path=str(file)))
    for place in provenance.linked():
        uri = f"assets/{place}"
        files.append(File.generated(config, uri, abs_src_path=str(ROOT / place)))
    for uri, file in (
        ("assets/javascripts/vega.js", bundle()),
        ("assets/images/apple-touch-icon.png", cards.touch_icon()),
    ):
        files.append(File.generated(config, uri, abs_src_path=str(file)))
    return files


def write_notebook(source: Path, site_url: str) -> Path:
    """The executed lab where mkdocs-jupyter finds it, and offers it for download.

    On a reader's disk no page stands beside it, so its links lead to the site, where that is known.
    """
    target = NOTEBOOKS / "labs" / f"{source.stem}.ipynb"
    content = lab(source)["notebook"]
    if site_url:
        content = PAGE_LINK.sub(lambda m: f"]({site_url}{_folder(m[1])}{m[2] or ''})", content)
    with writing_to_cache():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8", newline="\n")
    return target


def _folder(page: str) -> str:
    return "" if page == "index" else f"{page.removesuffix('/index')}/"


def lab(source: Path) -> Any:
    """The executed lab as a page and as a notebook, put together once."""
    machinery = (ROOT / "site_build" / "labs.py").read_bytes()
    key = digest(source.read_bytes(), current(source.stem).name, machinery)
    return once(f"labs/{source.stem}", key, lambda: put_together(source))


def put_together(source: Path) -> dict[str, Any]:
    """Its front matter, its Markdown, and the file that readers download."""
    import nbformat

    notebook = labs.executed(source)
    try:
        markdown = labs.to_markdown(notebook, source.stem)
    except labs.LabError as error:
        raise BuildError(str(error)) from None
    meta = notebook.metadata.get("page", {})
    return {"meta": meta, "markdown": markdown, "notebook": nbformat.writes(notebook) + "\n"}


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Send labs through the site's own Markdown, so that math, links and code are as elsewhere.

    mkdocs-jupyter has replaced the page's render method with a conversion of its own, whose math
    stays raw, whose links are not checked and whose theme weighs 575 KB.
    """
    if not page.file.src_uri.endswith(".ipynb"):
        return markdown
    page.__dict__.pop("render", None)
    found = lab(labs.SOURCES / f"{Path(page.file.src_uri).stem}.py")
    page.meta.update(found["meta"])
    page.meta.setdefault("search", {"boost": 0.2})  # who searches a term wants its page first
    page.edit_url = page.edit_url and page.edit_url.replace(".ipynb", ".py")
    text: str = found["markdown"]
    return text


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Name the files in blocks of code, and drop the marks of code that change no colour.

    Plain tokens have the colour of the text, and the braces in a string that of the string: a
    third of a page of code.
    """
    return downloads.offered(STRING_TOKENS.sub(_one_mark, PLAIN_TOKEN.sub(r"\1", html)), page)


def _one_mark(run: re.Match[str]) -> str:
    return f'<span class="s2">{re.sub("<[^>]*>", "", run[0])}</span>'


def on_env(env: Environment, config: MkDocsConfig, files: Files) -> None:
    """All pages are read: put the Markdown and the card of each beside it."""
    pages = plain.in_order(files)
    texts = {plain.address(page): page.meta["plain"] for page in pages}
    texts |= {"llms.txt": plain.llms(pages, config), "llms-full.txt": "\n\n".join(texts.values())}
    for uri, text in texts.items():
        file = File.generated(config, f"{uri}.txt", content=text)  # no page, although Markdown
        file.dest_uri = uri
        files.append(file)
    for page in pages if cards.public(config.site_url) else ():
        uri = f"assets/cards/{page.file.src_uri.rpartition('.')[0]}.png"
        card = cards.of_page(page, config.site_name)
        files.append(File.generated(config, uri, abs_src_path=str(card)))
        page.meta["card"] = f"{config.site_url}{uri}"
    env.globals["versions"], env.globals["day"] = provenance.versions(), provenance.day()


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Mend what the theme leaves unnamed or invalid, and say what the page may load."""
    return finished(output)


def on_post_template(output: str, template_name: str, config: MkDocsConfig) -> str:
    """The same for the page that stands for missing ones."""
    return finished(output) if template_name == "404.html" else output


def finished(html: str) -> str:
    """The page as it is published."""
    for old, new in MENDED.items():
        html = html.replace(old, new)
    kept = re.compile("<(?:pre|script)")
    html = "".join(
        part if kept.match(part) else INDENTATION.sub("\n", part) for part in CODE.split(html)
    )
    return html if "serve" in commands else with_policy(html)
