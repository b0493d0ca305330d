"""Markdown extension: LaTeX between dollars becomes MathML in the page, without JavaScript.

pymdownx.arithmatex finds the formulas, math-core converts them. An unknown command stops the
build.
"""

import html
import re
from typing import Any

from markdown import Markdown
from markdown.postprocessors import Postprocessor
from math_core import LatexError, LatexToMathML
from mkdocs.exceptions import BuildError
from pymdownx.arithmatex import ArithmatexExtension

WRAPPED = re.compile(r'<(span|div) class="arithmatex">\\[(\[](.+?)\\[)\]]</\1>', re.DOTALL)
TOUCHED = re.compile(
    r'(?P<opened>\()?<span class="arithmatex"><math>(?:(?!</math>).)*</math></span>'
    r"(?(opened)[.,;:)]*|[.,;:)]+)"
)
"""A formula in a line with the punctuation that touches it."""


class TexToMathML(Postprocessor):
    """Converts what arithmatex has wrapped; the wrapper stays, so that wide formulas scroll."""

    tex = LatexToMathML(fancy_error=False)

    def run(self, text: str) -> str:
        """The page with every formula converted."""
        converted = WRAPPED.sub(self.convert, text)
        return TOUCHED.sub(lambda m: f'<span class="rx-keep">{m[0]}</span>', converted)

    def convert(self, match: re.Match[str]) -> str:
        """One formula."""
        tag, source = match[1], html.unescape(match[2]).strip()
        try:
            mathml = self.tex.convert_with_local_state(source, displaystyle=tag == "div")
        except LatexError as error:
            raise BuildError(f"formula ${source}$: {error}") from None
        focus = ' tabindex="0"' if tag == "div" else ""
        return f'<{tag} class="arithmatex"{focus}>{mathml}</{tag}>'


class MathMLExtension(ArithmatexExtension):
    """arithmatex with MathML instead of a script."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802
        """Register arithmatex, then the conversion behind it."""
        self.setConfig("generic", True)
        super().extendMarkdown(md)
        md.postprocessors.register(TexToMathML(md), "mathml", -10)


def makeExtension(**options: Any) -> MathMLExtension:  # noqa: N802
    """Python-Markdown's entry point."""
    return MathMLExtension(**options)
