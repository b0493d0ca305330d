"""What a docstring calls the default is the default."""

import importlib
import inspect
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from site_build import ROOT

FOLDERS = ("numpy", "pytorch", "keras", "sklearn")
SNIPPETS = [
    f"{folder}/{path.stem}"
    for folder in FOLDERS
    for path in sorted((ROOT / "snippets" / folder).glob("[!_]*.py"))
]
ENTRY = r"^ *{}(?:, \w+)*:(.*?)(?=^ *\*{{0,2}}\w+(?:, \w+)*:|^\s*$|\Z)"
DEFAULT = r"[Dd]efaults? (\([^)]*\)|[^\s,;]+)"


def documented(module: ModuleType) -> Iterator[tuple[str, Any, str]]:
    """The functions and classes of a snippet, their parameters' defaults and what is said of them.

    ``__init__`` is described by its class.
    """
    owned = [o for o in vars(module).values() if getattr(o, "__module__", "") == module.__name__]
    for thing in owned:
        parts = [thing]
        if inspect.isclass(thing):
            own = [value for name, value in vars(thing).items() if not name.startswith("_")]
            parts += [value for value in own if inspect.isfunction(value)]
        for part in parts:
            text = (inspect.getdoc(part) or "").partition("Args:")[2]
            if not text or not callable(part):
                continue
            for name, parameter in inspect.signature(part).parameters.items():
                entry = re.search(ENTRY.format(name), text, re.DOTALL | re.MULTILINE)
                if entry and parameter.default is not inspect.Parameter.empty:
                    yield f"{part.__qualname__}({name})", parameter.default, entry[1]


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_defaults(snippet: str) -> None:
    module = importlib.import_module(f"snippets.{snippet.replace('/', '.')}")
    for place, default, text in documented(module):
        if default is None:  # "optional", "by default another one each time"
            continue
        said = re.search(DEFAULT, text)
        assert said, f"{place}: its default {default!r} is not documented"
        assert said[1].rstrip(".") == str(default) or eval(said[1].rstrip(".")) == default, place


def test_a_default_that_changed_is_seen() -> None:
    module = ModuleType("demo")
    source = '''
def penalty(w, *, l2: float = 0.5, betas=(0.9, 0.99)):
    """Add.

    Args:
        w: Weights.
        l2: The strength, at least
            0. Default 0.25.
        betas: Decay rates. Default (0.9, 0.99).

    Returns:
        A number.
    """
'''
    exec(source, module.__dict__)
    found = [(p, d, re.search(DEFAULT, t)[1]) for p, d, t in documented(module)]
    assert found == [("penalty(l2)", 0.5, "0.25."), ("penalty(betas)", (0.9, 0.99), "(0.9, 0.99)")]
