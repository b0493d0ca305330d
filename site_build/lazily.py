"""Imports that wait until somebody uses them, because an author waits for every import.

mkdocs-jupyter imports nbconvert and jupytext, which take as long as the whole of a bare build, and
a build in which no lab has changed uses neither. MkDocs loads its Markdown extensions before its
plugins, so this is one; it changes no page.
"""

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any

from markdown import Markdown
from markdown.extensions import Extension

HEAVY = ("jupytext", "mkdocs_jupyter.convert")


class Waiting(ModuleType):
    """Stands for a module until something is asked of it; then imports it, and passes on.

    importlib's LazyLoader would do, but until Python 3.14 it loads at the second ``import``.
    """

    def __getattr__(self, name: str) -> Any:
        """Ask the real module."""
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def lazily(name: str) -> None:
    """Have the module imported at its first use, unless it is there already."""
    if name not in sys.modules and (spec := importlib.util.find_spec(name)) is not None:
        module = Waiting(name)
        module.__spec__ = spec
        sys.modules[name] = module


class LazyExtension(Extension):
    """Changes how modules are imported, and nothing in a page."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802
        """Nothing to register."""


def makeExtension(**options: Any) -> LazyExtension:  # noqa: N802
    """Python-Markdown's entry point."""
    for name in HEAVY:
        lazily(name)
    return LazyExtension(**options)
