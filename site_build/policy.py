"""Content-Security-Policy: what a page may load and run, written into the page by the build.

It stands in the page because GitHub Pages sends no headers of ours. Scripts and styles are files of
the site; the inline scripts of the theme are named by their SHA-256. No ``eval``: charts are drawn
by Vega's interpreter.
"""

import base64
import hashlib
import re

DIRECTIVES = (
    "default-src 'self'",
    "script-src 'self'{inline}",
    # style attributes: MathML, aligned columns, and the room that a chart will take
    "style-src 'self' 'unsafe-inline'",
    "style-src-elem 'self'",
    "img-src 'self' data:",  # the theme's icons are data
    "base-uri 'self'",
    "form-action 'self'",
    "object-src 'none'",
)
SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<code>.*?)</script>", re.DOTALL)
CHARSET = '<meta charset="utf-8">'


def with_policy(html: str) -> str:
    """The page with its policy, before anything that the policy is about."""
    policy = "; ".join(DIRECTIVES).format(inline="".join(f" '{h}'" for h in inline_scripts(html)))
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    return html.replace(CHARSET, f"{CHARSET}\n      {meta}", 1)


def inline_scripts(html: str) -> list[str]:
    """The digest of every script that stands in the page, as a policy names it."""
    return [
        f"sha256-{base64.b64encode(hashlib.sha256(found['code'].encode()).digest()).decode()}"
        for found in SCRIPT.finditer(html)
        if "src=" not in found["attributes"] and "application/json" not in found["attributes"]
    ]
