"""Takes out of a style sheet what no page of the site can use.

A rule goes when a class, id, tag, attribute or value that its selector asks for is a word of no
tag on a page and of no script; a script may add what it names at any time, so that counts as used,
but for features of the theme that no page turns on.
tinycss2 reads the sheet; the libraries that do all of it need Node.
"""

import re
from collections.abc import Iterable
from typing import Any

import tinycss2

WORD = re.compile(r"[A-Za-z_][\w-]*")
PROPERTY = re.compile(
    r"""(?<=[{;])(--[\w-]+):(?:"[^"]*"|\((?:"[^"]*"|[^()"]|\([^()]*\))*\)|[^;{}"()])*;?"""
)
TAG = re.compile(r"<[^>]*>")
INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
OFF = re.compile(
    "md-(annotation|author|banner|code__button--select|consent|feedback|meta|pagination|path|post|"
    "profile|social|source__fact|status|tag|tooltip2|version)|critic|mermaid|task-list"
)
"""How the names begin of what the theme's script does when a page, or mkdocs.yml, asks for it."""
NESTED = ("media", "supports")
FIXED = ("dir", "data-md-color-primary", "data-md-color-accent")
"""Attributes that no script gives another value than the pages do."""
TABS = re.compile(r"\b__tabbed_\d+_(\d+)")
"""The ids of tabs end in their place among the tabs beside them."""
PAIR = re.compile(rf"\b({'|'.join(FIXED)})=\"?([\w-]+)")


def words(pages: Iterable[str], scripts: Iterable[str]) -> set[str]:
    """What stands in tags and scripts: words, values of fixed attributes, places of tabs."""
    known = {w for script in scripts for w in WORD.findall(script) if not OFF.match(w)}
    for page in pages:
        tags = "\n".join({*TAG.findall(page), *INLINE.findall(page)})
        known.update(WORD.findall(tags))
        known.update(f"{name}={value}" for name, value in PAIR.findall(tags))
        known.update(f"input:nth-child({place})" for place in TABS.findall(tags))
    return known


def purge(sheet: str, known: set[str]) -> str:
    """The sheet without rules and properties that nothing among the known words asks for."""
    rules = tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True)
    all_known = _Known(known)
    left = _rules(rules, all_known)
    asked = set(re.findall(r"var\(\s*(--[\w-]+)", left))
    return PROPERTY.sub(lambda m: m[0] if m[1] in asked or m[1][2:] in all_known else "", left)


class _Known:
    """Words, and all that start as a word does that ends in a dash: scripts put names together."""

    def __init__(self, words: set[str]) -> None:
        self.words = words
        self.starts = tuple(word for word in words if word.endswith("-") and len(word) > 3)

    def __contains__(self, word: str) -> bool:
        return word in self.words or ("=" not in word and word.startswith(self.starts))


def _rules(rules: Iterable[Any], known: _Known) -> str:
    parts = []
    for rule in rules:
        if rule.type == "qualified-rule":
            body = tinycss2.serialize(rule.content)
            kept = [s for s in selectors(rule.prelude) if all(w in known for w in _asked(s))]
            if kept and body.strip():
                parts.append(f"{','.join(map(tinycss2.serialize, kept))}{{{body}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword in NESTED:
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            if body := _rules(inner, known):
                parts.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{body}}}")
        else:
            parts.append(rule.serialize())
    return "".join(parts)


def selectors(prelude: list[Any]) -> list[list[Any]]:
    """The selectors of a list, divided at its commas."""
    found: list[list[Any]] = [[]]
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            found.append([])
        elif found[-1] or token.type != "whitespace":
            found[-1].append(token)
    return found


def _asked(selector: list[Any]) -> set[str]:
    """The words without which the selector matches nothing; ``:not(...)`` and such ask none."""
    asked, before, last = set(), "", ""
    for token in selector:
        if token.type == "function" and last == "input" and token.lower_name == "nth-child":
            asked.add(f"input:nth-child({tinycss2.serialize(token.arguments)})")
        if (token.type == "ident" and before != ":") or token.type == "hash":
            asked.add(token.value)
        elif token.type == "[] block":
            name, *value = (t.value for t in token.content if t.type in ("ident", "string"))
            exact = "=" in (t.value for t in token.content if t.type == "literal")
            asked.add(name)
            if exact and name in FIXED:
                asked.add(f"{name}={value[0]}")
            elif exact and WORD.fullmatch(value[0]):
                asked.add(value[0])
        before = token.value if token.type == "literal" else ""
        last = token.value if token.type == "ident" else last if before == ":" else ""
    return asked
