"""What interactive charts share: controls that show their value as a person reads it."""

from typing import Any

import altair as alt

from experiments.drawing import CSS

alt.theme.enable("none")  # the default one would draw a frame over ours


def slider(
    name: str,
    label: str,
    *,
    low: float,
    high: float,
    step: float,
    value: float,
    shown: str = "",
) -> tuple[alt.Parameter, ...]:
    """A native range input below the chart, and the text that stands beside it.

    Args:
        name: Of the signal that the chart reads; ``site.js`` shows the signal ``{name}_text``.
        label: What is chosen, in a few words; a phone has room for about 24 letters.
        low: The smallest value.
        high: The largest value.
        step: Between two values.
        value: At the start.
        shown: The value in words, as a Vega expression; empty for the number itself.
    """
    bind = alt.binding_range(min=low, max=high, step=step, name=label)
    param = alt.param(name=name, value=value, bind=bind)
    return (param, alt.param(name=f"{name}_text", expr=shown)) if shown else (param,)


def one_of(words: list[str], index: str) -> str:
    """A Vega expression for the word at a place; with the words' places from 0."""
    listed = ", ".join("'" + word.replace("'", "\\'") + "'" for word in words)
    return f"[{listed}][{index}]"


def power_of_ten(exponent: str) -> str:
    """A Vega expression for ``10 ** exponent`` with two digits."""
    return f"format(pow(10, {exponent}), '.2~g')"


def words(
    data: Any, field: str, *, y: float, colour: str = "ink", x: Any = 6, align: str = "left"
) -> Any:
    """A line of text inside the chart, at a fixed place."""
    mark = data.mark_text(align=align, baseline="top", fontSize=13, color=CSS[colour])
    return mark.encode(x=alt.value(x), y=alt.value(y), text=f"{field}:N")
