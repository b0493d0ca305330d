"""One visual language: a color for each method, on every page, in light and in dark."""

import io
import re
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

# name: (light, dark). Okabe and Ito's colors, darkened or lightened until each has a contrast
# of at least 3:1 against the page. The light value is what experiments draw with.
PALETTE = {
    "ink": ("#1f2933", "#e4e7eb"),
    "muted": ("#616e7c", "#9aa5b1"),
    "grid": ("#d5dae0", "#3e4c59"),
    "plain": ("#6b6f76", "#a8adb5"),
    "l2": ("#0072b2", "#56b4e9"),
    "l1": ("#d15400", "#ff9a52"),
    "elastic_net": ("#a14a8f", "#e39ad0"),
    "adam": ("#00805d", "#2fc79a"),
    "adamw": ("#9a6b00", "#f0b429"),
    "dropout": ("#b3344a", "#ff8a9b"),
}
LIGHT = {name: light for name, (light, _) in PALETTE.items()}
"""Colors to draw static pictures with; ``to_svg`` turns them into the page's own."""
CSS = {name: f"var(--rx-{name.replace('_', '-')}, {light})" for name, (light, _) in PALETTE.items()}
"""Colors to draw interactive charts with: they follow the page's light and dark."""

PAGE = ("#ffffff", "#1e2329")
"""What is behind a picture, light and dark."""

_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "regularization-by-example",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 12,
    "axes.titlesize": 12.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.edgecolor": LIGHT["muted"],
    "axes.labelcolor": LIGHT["ink"],
    "axes.titlecolor": LIGHT["ink"],
    "text.color": LIGHT["ink"],
    "xtick.color": LIGHT["muted"],
    "ytick.color": LIGHT["muted"],
    "xtick.labelcolor": LIGHT["ink"],
    "ytick.labelcolor": LIGHT["ink"],
    "grid.color": LIGHT["grid"],
    "grid.linewidth": 0.8,
    "lines.linewidth": 2.2,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "figure.constrained_layout.use": True,
}


def new_figure(width: float = 6.2, height: float = 3.6) -> Figure:
    """An empty figure in the site's style, in inches; a phone shows it at two thirds."""
    mpl.rcParams.update(_STYLE)
    return Figure(figsize=(width, height), layout="constrained")


def to_svg(figure: Figure) -> str:
    """The figure as SVG: the same bytes every time, in the colors of the page around it."""
    buffer = io.StringIO()
    with mpl.rc_context(_STYLE):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    for name, light in LIGHT.items():
        svg = re.sub(light, f"var(--rx-{name.replace('_', '-')})", svg, flags=re.IGNORECASE)
    svg = svg.replace("'DejaVu Sans'", "'DejaVu Sans', system-ui")
    return svg.replace("<defs>", f"<style>{theme_css()}</style>\n <defs>", 1)


def theme_css() -> str:
    """The palette as CSS variables that follow the reader's color scheme.

    Text has a rim in the color of the page, so that it can be read where it meets a line.
    """

    def variables(column: int) -> str:
        return "".join(
            f"--rx-{name.replace('_', '-')}:{colours[column]};"
            for name, colours in {**PALETTE, "page": PAGE}.items()
        )

    rim = "text{paint-order:stroke;stroke:var(--rx-page);stroke-linejoin:round;stroke-width:3px}"
    dark = f"@media(prefers-color-scheme:dark){{:root{{{variables(1)}}}}}"
    return f":root{{{variables(0)}}}{dark}{rim}"


VEGA_CONFIG = {
    "background": "transparent",
    "font": "var(--md-text-font-family, system-ui), sans-serif",
    "view": {"stroke": "transparent"},
    "axis": {
        "labelColor": CSS["ink"],
        "titleColor": CSS["ink"],
        "gridColor": CSS["grid"],
        "domainColor": CSS["muted"],
        "tickColor": CSS["muted"],
        "labelFontSize": 12,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
    },
    "legend": {
        "labelColor": CSS["ink"],
        "titleColor": CSS["ink"],
        "labelFontSize": 12,
        "titleFontSize": 12,
        "orient": "top",
        "title": None,
    },
    "text": {"color": CSS["ink"], "fontSize": 13},
    "title": {"color": CSS["ink"], "subtitleColor": CSS["ink"]},
}
