"""Makes the math font of the pages: the glyphs that the built site uses, of the whole font beside.

Run ``python -m site_build.math_font`` after ``make build`` when a test says that a formula uses a
character the font lacks. It needs ``pip install brotli``, which nothing else does.
"""

import html
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from site_build import ROOT

WHOLE = ROOT / "site_build" / "fonts" / "pagella-math-whole.woff2"
FONT = ROOT / "docs" / "assets" / "fonts" / "pagella-math.woff2"
STYLES = ROOT / "docs" / "assets" / "stylesheets" / "site.css"
RANGE = re.compile(r"unicode-range: ([^;]+);")
ITALIC = {"ϵ": 0x1D716, "∂": 0x1D715, "∇": 0x1D6FB, "h": 0x210E}
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
SPACE = 0x20
"""A browser stretches operators by the tables of the first font that has a space."""
ACCENTS = {0x2C6: 0x302, 0xAF: 0x304}
"""Accents by themselves, which the whole font lacks, and the combining ones it draws them as."""
NOT_DRAWN = "\u2061\u2062\u2063\u2064\xa0"
"""Invisible operators, and a space."""


def used(pages: Iterable[Path]) -> set[int]:
    """The characters of all formulas, and the italic ones that single letters turn into."""
    found = set()
    for page in pages:
        for formula in re.findall(r"<math.*?</math>", page.read_text("utf-8"), re.DOTALL):
            found |= set(html.unescape(re.sub(r"<[^>]+>", "", formula)))
            if "<msqrt" in formula or "<mroot" in formula:
                found.add("√")
    found = {letter for letter in found if not letter.isspace()} - set(NOT_DRAWN)
    return {code for letter in found for code in (ord(letter), italic(letter))} | {SPACE}


def italic(letter: str) -> int:
    """The character that shows the letter as a variable; others as they are."""
    for first, last, start in (("A", "Z", 0x1D434), ("a", "z", 0x1D44E), ("α", "ω", 0x1D6FC)):
        if first <= letter <= last and letter not in ITALIC:
            return start + ord(letter) - ord(first)
    return ITALIC.get(letter, ord(letter))


def covered() -> set[int]:
    """The characters that the style sheet says the font holds."""
    match = RANGE.search(STYLES.read_text(encoding="utf-8"))
    spans = re.findall(r"U\+([0-9A-F]+)(?:-([0-9A-F]+))?", match[1] if match else "")
    return {c for first, last in spans for c in range(int(first, 16), int(last or first, 16) + 1)}


def spans(codes: set[int]) -> str:
    """The codes as a style sheet writes them."""
    ordered, parts = sorted(codes), []
    while ordered:
        first = last = ordered.pop(0)
        while ordered and ordered[0] == last + 1:
            last = ordered.pop(0)
        parts.append(f"U+{first:X}" + (f"-{last:X}" if last > first else ""))
    return ", ".join(parts)


def add_accents(font: Any) -> None:
    """Draw the combining accents as characters with a width of their own."""
    from fontTools.pens.boundsPen import BoundsPen
    from fontTools.pens.t2CharStringPen import T2CharStringPen
    from fontTools.pens.transformPen import TransformPen

    glyphs, top = font.getGlyphSet(), font["CFF "].cff.topDictIndex[0]
    strings = top.CharStrings
    for code, combining in ACCENTS.items():
        source, name = font.getBestCmap()[combining], f"uni{code:04X}"
        bounds = BoundsPen(glyphs)
        glyphs[source].draw(bounds)
        left, _, right, _ = bounds.bounds
        pen = T2CharStringPen(right - left, glyphs)
        glyphs[source].draw(TransformPen(pen, (1, 0, 0, 1, -left, 0)))
        string = pen.getCharString(top.Private, strings.globalSubrs)
        strings.charStringsIndex.append(string)
        strings.charStrings[name] = len(strings.charStringsIndex) - 1
        top.charset.append(name)
        font["hmtx"][name] = (round(right - left), 0)
        for table in font["cmap"].tables:
            if table.isUnicode():
                table.cmap[code] = name
    font.setGlyphOrder(top.charset)


def main() -> None:
    """Write the font and the list of its characters."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    pages = list((ROOT / "site").rglob("*.html"))
    if not pages:
        sys.exit("there is no site/ to look for formulas in: make build first")
    font = TTFont(WHOLE)
    add_accents(font)
    wanted = used(pages) | {italic(letter) for letter in LETTERS}
    wanted &= set(font.getBestCmap())
    options = subset.Options(flavor="woff2", layout_features=[], hinting=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)
    font.flavor = "woff2"
    font.save(FONT)
    styles = STYLES.read_text(encoding="utf-8")
    styles = RANGE.sub(f"unicode-range: {spans(wanted)};", styles)
    STYLES.write_text(styles, encoding="utf-8", newline="\n")
    print(f"{FONT.relative_to(ROOT)}: {len(wanted)} characters, {FONT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
