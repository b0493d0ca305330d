"""Runs one experiment or one lab, in a process of its own that ``render`` starts."""

import gc
import importlib
import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from site_build.labs import LabError, execute
from site_build.results import digest


class ClaimError(Exception):
    """A claim that the facts do not bear out, or that they always would."""


def render_experiment(name: str, folder: Path) -> None:
    """Measure, check the claims, draw; everything pages need ends up in ``folder``."""
    import vl_convert

    from experiments.drawing import VEGA_CONFIG, to_svg
    from experiments.experiment import Experiment

    experiment: Experiment[Any] = importlib.import_module(f"experiments.{name}").EXPERIMENT
    facts = experiment.measure()
    figures = {}
    for figure in experiment.figures:
        svg = to_svg(figure.draw(facts))
        (folder / f"{figure.name}.svg").write_text(svg, encoding="utf-8", newline="\n")
        alt = figure.alt(facts).strip()
        if not alt:
            raise ValueError(f"figure {name}.{figure.name} has no alternative text")
        chart = None
        if figure.chart is not None:
            chart = figure.chart(facts).to_dict()
            chart["config"] = {**VEGA_CONFIG, **chart.get("config", {})}
            # stops here if the chart does not compile
            compiled = vl_convert.vegalite_to_vega(chart)
            drawn = _size(
                vl_convert.vegalite_to_svg(
                    {**chart, **({"width": 560} if "width" in chart else {})}
                )
            )
            # people take the first, the page draws the second
            for kind, spec in {"vl": chart, "vg": compiled}.items():
                text = json.dumps(spec, separators=(",", ":"), sort_keys=True)
                file = folder / f"{figure.name}.{kind}.json"
                file.write_text(text, encoding="utf-8", newline="\n")
        figures[figure.name] = {
            "title": figure.title(facts),
            "caption": figure.caption(facts),
            "alt": alt,
            "size": _size(svg),
            "chart": None if chart is None else {"height": drawn[1], "sliders": _sliders(chart)},
        }
    result = {
        "question": experiment.question,
        "facts": asdict(facts),
        "claims": check_claims(name, experiment, facts),
        "figures": figures,
    }
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")


def check_claims(name: str, experiment: Any, facts: Any) -> dict[str, dict[str, str]]:
    """Each claim's sentence, once it holds on the facts and fails without the effect."""
    measured: dict[str, Any] = {}
    claims = {}
    for claim in experiment.claims:
        sentence = claim.sentence(facts)
        if not claim.check(facts):
            raise ClaimError(f"claim {name}.{claim.id} does not hold: {sentence}\nfacts: {facts}")
        without = describe(claim.without)
        if without not in measured:
            measured[without] = experiment.measure(**claim.without)
        if claim.check(measured[without]):
            raise ClaimError(
                f"claim {name}.{claim.id} also holds when the effect is taken away ({without}), "
                f"so its check shows nothing: {sentence}\nfacts without: {measured[without]}"
            )
        claims[claim.id] = {"sentence": sentence, "without": without}
    return claims


def describe(arguments: Mapping[str, Any]) -> str:
    """Keyword arguments as they would be written in a call."""
    return ", ".join(f"{key}={value!r}" for key, value in sorted(arguments.items()))


def _sliders(chart: dict[str, Any]) -> int:
    """How many controls stand below the chart."""
    return sum("bind" in param for param in chart.get("params", []))


def _size(svg: str) -> list[float]:
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)
    if found is None:
        raise ValueError("an SVG without a viewBox")
    return [float(found[1]), float(found[2])]


def write_manifest(folder: Path) -> None:
    """List every file of the folder with its digest, so that a damaged one is noticed."""
    names = sorted(file.name for file in folder.iterdir())
    manifest = {name: digest(folder / name) for name in names}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def work(kind: str, name: str, target: str, log: str) -> None:
    """Render ``kind`` (``experiment`` or ``lab``) ``name`` into the empty folder ``target``.

    What it prints, and how it fails, goes to the file ``log``.
    """
    with Path(log).open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    gc.freeze()  # what the server imported stays: no collection of garbage walks through it again
    folder = Path(target)
    try:
        if kind == "lab":
            execute(name, folder)
        else:
            render_experiment(name, folder)
    except (ClaimError, LabError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
    write_manifest(folder)
