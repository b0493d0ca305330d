"""Bad numbers for every numeric parameter of every public callable of a folder of snippets.

A table says for each parameter which numbers are out of its range. ``numeric_parameters`` finds
all there are, so that a new snippet without a line in the table is a failing test.
"""

import importlib
import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, nan
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

from site_build.listings import snippet_files


@dataclass(frozen=True)
class Range:
    """Values outside a range, and how a message names that range, as a regular expression.

    ``named`` is what a framework's own message calls the parameter, where it is not ours. ``ends``
    belong to the range.
    """

    words: str
    bad: tuple[Any, ...]
    named: str = ""
    ends: tuple[Any, ...] = ()


AT_LEAST_0 = Range(r"finite( number|,| and)? >= 0", (nan, inf, -inf, -0.5), ends=(0.0,))
ABOVE_0 = Range(r"finite number > 0", (nan, inf, -inf, -0.5, 0.0))
FINITE = Range("finite", (nan, inf, -inf))
SHARE = Range(r"in \[0, 1\)", (nan, inf, -0.1, 1.0, 1.5), ends=(0.0,))
SHARE_OR_ALL = Range(r"in \[0, 1\]", (nan, inf, -0.1, 1.5), ends=(0.0, 1.0))
BETAS = Range(
    r"two numbers in \[0, 1\)",
    (
        *((0.9,), (0.9, 1.0), (nan, 0.9), (-0.1, 0.9), (0.9, 0.9, 0.9)),
        *(0.9, None, (0.9, None), (0.9, "0.9"), ([0.9], 0.9), {0.5, 0.9}),
    ),
    ends=((0.0, 0.9), (0.9, 0.0), [0.0, 0.9]),
)
COUNT = Range("at least 1|>= 1", (0, -3), ends=(1,))
PATIENCE = Range(">= 1", (nan, 0, -3), ends=(1,))
PAIRS = Range(r"in \[0, 3\)", ([(0, 3)], [(-1, 0)]))
NO_ROW = r"features must have at least one row, got shape \(0, 3\)"
STRENGTHS = Range("finite and >= 0", ([nan], [0.1, inf], [-0.1, 0.1], []))

Table = Mapping[str, tuple[Mapping[str, Any], Mapping[str, Range]]]
"""From "module.callable" to arguments that are right, and the range of each number among them."""


def numeric_parameters(framework: str) -> Iterator[str]:
    """Each as "module.callable.parameter"."""
    for file in snippet_files():
        if file.parent.name != framework:
            continue
        module = importlib.import_module(f"snippets.{framework}.{file.stem}")
        for name, call in _public(module):
            hints = get_type_hints(call)
            for parameter in inspect.signature(call).parameters:
                if parameter in hints and _is_numeric(hints[parameter]):
                    yield f"{file.stem}.{name}.{parameter}"


def _public(module: Any) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, found in vars(module).items():
        if name.startswith("_") or getattr(found, "__module__", "") != module.__name__:
            continue
        if inspect.isclass(found) and "__init__" in vars(found):
            yield name, found.__init__
        if inspect.isclass(found):
            for key, method in vars(found).items():
                if inspect.isfunction(method) and not key.startswith("_"):
                    yield f"{name}.{key}", method
        elif callable(found):
            yield name, found


def _is_numeric(hint: Any) -> bool:
    if hint in (float, int):
        return True
    wrappers = (list, tuple, Sequence, Union, UnionType)
    return get_origin(hint) in wrappers and any(map(_is_numeric, get_args(hint)))


def listed(table: Table) -> set[str]:
    """The parameters in the table, named as by ``numeric_parameters``."""
    return {f"{call}.{name}" for call, (_, ranges) in table.items() for name in ranges}


def cases(table: Table) -> list[Any]:
    """One for each parameter, for ``pytest.mark.parametrize``."""
    return [
        pytest.param(call, name, id=f"{call}-{name}")
        for call, (_, ranges) in table.items()
        for name in ranges
    ]


def assert_refuses(framework: str, table: Table, call: str, name: str) -> None:
    """Each number out of range, and a string, stop the call; the message names what and why.

    The ends of the range do not.
    """
    module, *path = call.split(".")
    function: Any = importlib.import_module(f"snippets.{framework}.{module}")
    for part in path:
        function = getattr(function, part)
    arguments, ranges = table[call]
    limits = ranges[name]
    for bad in limits.bad:
        with pytest.raises(ValueError) as caught:  # noqa: PT011  # what it says is checked below
            function(**{**arguments, name: bad})
        message = str(caught.value)
        shown = [str(bad), str(bad[0])] if isinstance(bad, list) and bad else [str(bad)]
        assert any(text in message for text in shown), f"{bad} is not in: {message}"
        assert re.search(rf"\b{limits.named or name}\b", message), f"{name} is not in: {message}"
        assert re.search(limits.words, message), f"{limits.words} is not in: {message}"
    signature = inspect.signature(function).parameters
    short = {key: 1 for key in ("steps", "epochs") if key in signature}
    if framework != "keras" or "epochs" not in short:  # a fit takes half a second
        for end in limits.ends:
            function(**{**arguments, **short, name: end})
    with pytest.raises((TypeError, ValueError)):
        function(**{**arguments, name: "0.1"})
