"""The one script that draws charts: Vega, Vega-Lite and Vega-Embed in a self-hosted bundle."""

import importlib.metadata
from pathlib import Path

from site_build import CACHE
from site_build.render import writing_to_cache


def bundle() -> Path:
    """The bundle's file; made once for each version of the package that carries it."""
    version = importlib.metadata.version("vl-convert-python")
    target = CACHE / "vega" / f"{version}.js"
    if not target.exists():
        import vl_convert

        script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
        with writing_to_cache():
            target.parent.mkdir(parents=True, exist_ok=True)
            new = target.with_suffix(".new")
            new.write_text(script, encoding="utf-8")
            new.replace(target)
    return target
