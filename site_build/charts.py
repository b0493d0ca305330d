"""The one script that draws charts: as much of Vega as our charts need, in a self-hosted bundle.

The build compiles Vega-Lite to Vega, so that no page does; maps, trees, networks and their like
are left out. That is half of what Vega-Embed brings with it.
"""

import hashlib
from pathlib import Path

from mkdocs.exceptions import BuildError

from site_build import CACHE
from site_build.render import writing_to_cache

VEGA = "6.2.0"
MODULES = {
    "dataflow": "vega-dataflow@6.1.0",
    "data": "vega-transforms@5.1.0",
    "views": "vega-view-transforms@5.1.0",
    "scales": "vega-encode@5.1.0",
    "parser": "vega-parser@7.1.0",
    "view": "vega-view@6.1.0",
    "interpreter": "vega-interpreter@2.0.0",
    "tooltip": "vega-tooltip@1.0.0",
}
"""The parts of that version, as the package ``vl_convert`` carries them."""
SCRIPT = """
Object.assign(dataflow.transforms, data, views, scales);
window.vega = {
    parse: parser.parse,
    View: view.View,
    Tooltip: tooltip.Handler,
    interpreter: interpreter.expressionInterpreter,
};
"""


def bundle() -> Path:
    """The bundle's file; made once for what it holds.

    Raises:
        BuildError: If the package carries another version.
    """
    imports = [f'import * as {name} from "/npm/{part}/+esm";' for name, part in MODULES.items()]
    script = "\n".join([*imports, SCRIPT])
    target = CACHE / "vega" / f"{hashlib.sha256(script.encode()).hexdigest()[:16]}.js"
    if not target.exists():
        import vl_convert

        if (found := vl_convert.get_vega_version()) != VEGA:
            raise BuildError(
                f"vl_convert carries Vega {found}, and MODULES in "
                f"site_build/charts.py names the parts of {VEGA}; adapt that"
            )
        bundled = vl_convert.javascript_bundle(script)
        with writing_to_cache():
            target.parent.mkdir(parents=True, exist_ok=True)
            new = target.with_suffix(".new")
            new.write_text(bundled, encoding="utf-8")
            new.replace(target)
    return target
