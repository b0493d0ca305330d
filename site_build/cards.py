"""Pictures that stand for the site elsewhere: a card for each page, and the icon for phones.

An SVG is put together from the page's title, description and first figure, and vl-convert, which
also checks the charts, turns it into a PNG. What was drawn once is kept in the cache.
"""

import hashlib
import html
import importlib.metadata
import importlib.util
import io
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from mkdocs.structure.pages import Page

from site_build import CACHE, ROOT, measured
from site_build.render import writing_to_cache
from site_build.results import current

WIDTH, HEIGHT, MARGIN = 1200, 630, 64
COLOURS = 48
"""Enough for text and figures with smooth edges, at a tenth of the bytes."""
LOGO = ROOT / "docs/assets/images/favicon.svg"
PICTURE = re.compile(r"\]\(/assets/measured/([\w-]+)/([\w-]+)\.svg\)")
OPENING = re.compile(r"<svg\b[^>]*?(viewBox=\"[^\"]*\")[^>]*>")
VARIABLE = re.compile(r"var\((--rx-[\w-]+)(?:, *[^)]*)?\)")


def public(site_url: str | None) -> bool:
    """Whether others can fetch pictures from this address."""
    host = urlsplit(site_url or "").hostname or "localhost"
    return host not in {"localhost", "0.0.0.0", "::1"} and not host.startswith("127.")


def of_page(page: Page, site_name: str) -> Path:
    """The card of a page."""
    text = page.markdown or ""
    place = None
    for line in text.splitlines():
        figure = measured.BLOCK.match(line.strip())
        if figure and figure[1] == "figure":
            place = figure[2].split(".")
            break
        if lab := PICTURE.search(line):
            place = [lab[1], lab[2]]
            break
    picture = (current(place[0]) / f"{place[1]}.svg").read_text(encoding="utf-8") if place else ""
    title, line = str(page.title), str(page.meta.get("description", ""))
    title = html.unescape(re.sub("<[^>]*>", "", title))
    return _kept(lambda: _card(site_name, title, line, picture), site_name, title, line, picture)


def touch_icon() -> Path:
    """The icon that phones put on their home screen."""
    logo = LOGO.read_text(encoding="utf-8")
    return _kept(lambda: _placed(logo, 0, 0, 180, 180), logo, size=(180, 180))


def _kept(draw: Callable[[], str], *content: str, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Path:
    """The PNG of what ``draw`` gives, drawn once for the same content."""
    whole = hashlib.sha256(Path(__file__).read_bytes())
    for part in (importlib.metadata.version("vl-convert-python"), *content):
        whole.update(hashlib.sha256(part.encode()).digest())
    target = CACHE / "cards" / f"{whole.hexdigest()[:16]}.png"
    if not target.exists():
        import vl_convert
        from PIL import Image

        vl_convert.register_font_directory(str(_fonts()))
        width, height = size
        frame = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" {frame}>{draw()}</svg>'
        drawn = Image.open(io.BytesIO(vl_convert.svg_to_png(svg, scale=1))).convert("RGB")
        buffer = io.BytesIO()
        drawn.quantize(COLOURS, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
        with writing_to_cache():
            target.parent.mkdir(parents=True, exist_ok=True)
            new = target.with_suffix(f".{id(buffer)}")
            new.write_bytes(buffer.getvalue())
            new.replace(target)
    return target


def _fonts() -> Path:
    """Matplotlib's fonts: the same letters on every machine. Matplotlib is not imported."""
    found = importlib.util.find_spec("matplotlib")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"


def _card(site_name: str, title: str, line: str, picture: str) -> str:
    """The card's SVG: a band with the site's name, title and description, the figure beside."""
    wide = WIDTH - 2 * MARGIN if not picture else 500
    parts = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<rect width="{WIDTH}" height="92" fill="#12324a"/>',
        _placed(LOGO.read_text(encoding="utf-8"), MARGIN - 8, 14, 64, 64),
        _text([site_name], 30, MARGIN + 72, 57, "#ffffff", bold=True),
    ]
    size = 46 if len(title) < 40 else 40
    lines = _wrapped(title, size, wide, bold=True)
    parts.append(_text(lines, size, MARGIN, 190, "#1f2933", bold=True))
    below = 190 + len(lines) * size * 1.25 + 24
    parts.append(_text(_wrapped(line, 25, wide), 25, MARGIN, below, "#52606d"))
    if picture:
        light = dict(re.findall(r"(--rx-[\w-]+):(#\w+)", picture.partition("@media")[0]))
        picture = VARIABLE.sub(lambda match: light[match[1]], picture)
        parts.append(_placed(picture, MARGIN + wide + 28, 130, WIDTH - 2 * MARGIN - wide, 460))
    return "".join(parts)


def _placed(svg: str, x: float, y: float, width: float, height: float) -> str:
    """An SVG as a part of another one."""
    opening = OPENING.search(svg)
    assert opening is not None
    links = "http://www.w3.org/1999/xlink"
    box = f'x="{x}" y="{y}" width="{width}" height="{height}" {opening[1]}'
    return f'<svg xmlns:xlink="{links}" {box}>{svg[opening.end() :]}'


def _text(lines: list[str], size: int, x: float, y: float, colour: str, bold: bool = False) -> str:
    spans = "".join(
        f'<tspan x="{x}" dy="{size * 1.25 if number else 0}">{html.escape(line)}</tspan>'
        for number, line in enumerate(lines)
    )
    weight = "bold" if bold else "normal"
    font = f'font-family="DejaVu Sans" font-size="{size}" font-weight="{weight}"'
    return f'<text y="{y}" {font} fill="{colour}">{spans}</text>'


def _wrapped(text: str, size: int, width: float, bold: bool = False) -> list[str]:
    """The text in lines that are no wider than ``width``, at most seven."""
    from PIL import ImageFont

    file = _fonts() / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")
    font = ImageFont.truetype(str(file), size)
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) > width and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines if len(lines) <= 7 else [*lines[:6], f"{lines[6]} ..."]
