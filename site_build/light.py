"""Hooks that keep from a first visit what it does not need: search waits, styles are one, and few.

The theme loads its search engine and the index of all text with every page, four times what the
page itself weighs. Here both wait until the search is opened, or an address asks to mark words.
Its script also works out all styles and the layout again and again while it starts, and at the
first link to a heading fetches the page that stands and draws it anew; it need not.
"""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import BuildError
from mkdocs.plugins import event_priority
from mkdocs.structure.pages import Page

WAITS = re.compile(
    r"return (?P<any>[\w$]+)\((?P<of>[\w$]+)\(location\.protocol!==\"file:\"\),"
    r"(?P<opened>[\w$]+)\(\"search\"\)\)\.pipe\((?P<first>[\w$]+)\(\w=>\w\),(?P<then>[\w$]+)\("
)
"""How the theme's script lets the search wait where the site is opened from a disk."""
INDEX = re.compile(
    r",(?P<keep>[\w$]+\(1\))\):(?P<load>[\w$]+\(new URL\(\"search/search_index\.json\",[\w.]+\)\))"
)
LATER = (
    "{any}({of}(new URL(location).searchParams.has('h')),{opened}('search'))"
    ".pipe({first}(o=>o),{then}(()=>{load}),{keep})"
)
WORKER = re.compile(r"(?<=,)(\w)=new Worker\((\w)\)")
LATER_WORKER = (
    r"\1=(()=>{let u=new URL(\2,location),l=[],w;return{"
    "addEventListener(...a){w?w.addEventListener(...a):l.push(a)},removeEventListener(){},"
    "postMessage(m){w||(w=new Worker(u),l.forEach(a=>w.addEventListener(...a))),w.postMessage(m)}"
    "}})()"
)
"""A worker that starts at the first message, and until then keeps who listens."""
SWITCH = re.compile(r'(?<=if\()document\.body\.setAttribute\("data-md-color-switching",""\)(?=,)')
UNSWITCHED = r"window.rxSwitched?\g<0>:window.rxSwitched=1"
"""The colours that a page starts with are no switch, before which all transitions must rest."""
SCHEME = re.compile(r'(\w+\("meta",\{name:"color-scheme"\}\));document\.head\.appendChild\(\w\)')
KNOWN_SCHEME = r'document.head.querySelector("meta[name=color-scheme]")||\1'
"""The page has said its scheme already, before anything was laid out."""
BACKGROUND = re.compile(
    r"return (?P<meta>\w)\.content=(?P<is>\w\.colorScheme),(?P<read>\w\.backgroundColor)(?=\.match)"
)
READ_FIRST = r"return(b=>(\g<meta>.content==\g<is>||(\g<meta>.content=\g<is>),b))(\g<read>)"
"""What is to be read is read before the page is told another scheme, and only then."""
CODE = re.compile(
    r"(function \w+\((\w)\)\{return )(\w+)(\(\2\)\.pipe\(\w\(\(\{width:\w\}\)=>\(\{scrollable:)"
)
SIZE = re.compile(
    r"function (?P<name>\w+)\((?P<e>\w)\)\{let (?P<t>\w)=\w;for\(;\w\.clientWidth===0&&"
    r"\w\.parentElement;\)\w=\w\.parentElement;return (?P<watch>\w+\.pipe\(.+?,"
    r"\w+\(\(\)=>\w+\(\w\)\)),\w+\(\w+\(\w\)\)\)\}"
)
LATER_SIZE = r"\g<0>function rx\g<name>(\g<e>){let \g<t>=\g<e>;return \g<watch>)}"
"""The size of a block of code is first heard of when it has one, not asked for."""
WITHIN = re.compile(
    r"if\((?P<a>\w)\.target\|\|\w\.metaKey\|\|\w\.ctrlKey\)return (?P<none>\w);"
    r"let (?P<to>\w)=new URL\((?P=a)\.href\);(?=return (?P=to)\.search=)"
)
LEFT_ALONE = (
    r'\g<0>if(\g<to>.hash&&\g<to>.href.split("#")[0]===location.href.split("#")[0])'
    r"return \g<none>;"
)
"""A link within the page is the browser's: the theme fetched and drew the page anew for it."""
FETCHED = re.compile(
    r"(?P<merge>\w+)\((?P<n>\w),(?P<i>\w)\)\.subscribe\((?P<t>\w)\);let (?P<s>\w)=(?P=t)"
    r"\.pipe\((?P<by>\w+)\(\"pathname\"\),(?P<then>\w+)\((?P<to>\w)=>(?P<fetch>\w+\((?P=to),"
    r"\{progress\$:\w\}\)\.pipe\(\w+\(\(\)=>\(\w+\((?P=to),!0\),(?P<none>\w)\)\)\))\)"
)
FETCHED_IF_NEW = (
    r"\g<merge>(\g<n>,\g<i>).subscribe(\g<t>);let \g<s>=\g<merge>([new URL(location)],\g<t>)"
    r'.pipe(\g<by>("pathname"),\g<then>((\g<to>,rx)=>rx?\g<fetch>:\g<none>)'
)
"""The page that stands at the start counts as fetched."""
PLACED = re.compile(r"(\w+)(\(\w\.pipe\(\w+\(\w,\(\w,\w\)=>\w\)\),)(\w)(\.pipe\(\w\(\(\)=>\w\),)")
PLACED_FROM_THE_START = r"\1\2\1([0],\3)\4"
LINKS = re.compile(
    r"[\w$]+\(document\)\.subscribe\((?P<whole>\w+)\);"
    r"(?P<clicks>let \w=\w\(document\.body,\"click\"\).{1,200}?)"
    r"(?=history\.replaceState\(\w,\"\"\),history\.pushState)"
)  # fmt: skip
WHOLE_BEFORE_LEAVING = r"\g<clicks>\g<whole>(document),"
"""Addresses are made whole when the page's own changes, which they are relative to; not before."""
TABLES = re.compile(r',\.\.\.\w\("table:not\(\[class\]\)",\w\)\.map\(\w=>\w+\(\w\)\)')
STYLES = ("main.*.min.css", "palette.*.min.css", "site.css")
CALMER = {
    SWITCH: UNSWITCHED,
    SCHEME: KNOWN_SCHEME,
    BACKGROUND: READ_FIRST,
    CODE: r"\1rx\3\4",
    SIZE: LATER_SIZE,
    LINKS: WHOLE_BEFORE_LEAVING,
    TABLES: "",
    WITHIN: LEFT_ALONE,
    FETCHED: FETCHED_IF_NEW,
    PLACED: PLACED_FROM_THE_START,
}
UNKNOWN = "the theme's script is not as site_build/light.py knows it; adapt that"
FIRST_PICTURE = re.compile(r'<img [^>]*fetchpriority="high"[^>]* src="([^"]+)"')
STYLE = re.compile(r'<link rel="stylesheet" [^>]*>')
TABLE = re.compile(r"<table>.*?</table>", re.DOTALL)
WRAPPED = r'<div class="md-typeset__scrollwrap"><div class="md-typeset__table">\g<0></div></div>'
"""What the theme's script would put around it, when all is laid out already."""
MORE_STYLES = re.compile(r'\s*<link rel="stylesheet" href="[^"]*/(?:palette\.\w+\.min|site)\.css">')


_SERVES: list[bool] = []


def on_startup(*, command: str, dirty: bool) -> None:
    """Note whether an author is at work."""
    _SERVES[:] = [True] if command == "serve" else []


@event_priority(50)  # before anything is said about what the page loads
def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Load one style sheet, which holds them all, and with it the first picture; wrap tables."""
    output = TABLE.sub(WRAPPED, MORE_STYLES.sub("", output))
    if picture := FIRST_PICTURE.search(output):
        early = f'<link rel="preload" href="{picture[1]}" as="image" fetchpriority="high">'
        output = STYLE.sub(lambda sheet: f"{sheet[0]}\n{early}", output, count=1)
    return output


@event_priority(50)
def on_post_template(output: str, template_name: str, config: MkDocsConfig) -> str:
    """The same for the page that stands for missing ones."""
    return MORE_STYLES.sub("", output)


def on_post_build(config: MkDocsConfig) -> None:
    """Let the search wait, and put the style sheets into one."""
    assets = Path(config.site_dir, "assets")
    script = _one(assets / "javascripts", "bundle.*.min.js")
    lighter = calmer(waiting(script.read_text(encoding="utf-8")))
    script.write_text(lighter, encoding="utf-8", newline="\n")
    sheets = [_one(assets / "stylesheets", name) for name in STYLES]
    together = "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets)
    if not _SERVES:  # an author may write at any time what needs a rule; and it takes a second
        from site_build.purge import purge, words

        site = Path(config.site_dir)
        pages, scripts = site.rglob("*.html"), assets.glob("javascripts/*.js")
        together = purge(together, words(map(_text, pages), map(_text, scripts)))
    sheets[0].write_text(together, encoding="utf-8", newline="\n")


def waiting(script: str) -> str:
    """The theme's script, changed so that index and search engine wait.

    Raises:
        BuildError: If it does not say what it is known to say; another version, perhaps.
    """
    names, index = WAITS.search(script), INDEX.search(script)
    if names is None or index is None or len(WORKER.findall(script)) != 1:
        raise BuildError(UNKNOWN)
    later = LATER.format(**names.groupdict(), **index.groupdict())
    script = script.replace(index[0], f",{index['keep']}):{later}")
    return WORKER.sub(LATER_WORKER, script)


def calmer(script: str) -> str:
    """The theme's script, changed so that its start asks less often how the page is laid out.

    Raises:
        BuildError: As above.
    """
    for pattern, better in CALMER.items():
        script, changed = pattern.subn(better, script)
        if changed != 1:
            raise BuildError(UNKNOWN)
    return script


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _one(folder: Path, name: str) -> Path:
    found = list(folder.glob(name))
    if len(found) != 1:
        raise BuildError(f"{folder.name}/{name}: {len(found)} files; adapt site_build/light.py")
    return found[0]
