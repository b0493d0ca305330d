"""``make serve``: render what is stale, then MkDocs' own server."""

import os
import socket
import sys

from mkdocs.exceptions import BuildError

from site_build import ROOT
from site_build.render import render_stale


def main(port: str = "8000") -> None:
    """Serve on 127.0.0.1, or say in one line why not."""
    if not port.isdigit() or not 0 < int(port) < 65536:
        sys.exit(f"PORT={port}: a port is a whole number from 1 to 65535")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(port)))
        except OSError as error:
            sys.exit(
                f"port {port} of 127.0.0.1 cannot be used ({error.strerror}); "
                "choose another: make serve PORT=8001"
            )
    try:
        render_stale()
    except BuildError as error:
        sys.exit(f"{error}")
    print(f"Serving on http://127.0.0.1:{port}/ (stop with Ctrl+C)", flush=True)
    os.chdir(ROOT)
    command = ["mkdocs", "serve", "--dev-addr", f"127.0.0.1:{port}"]
    os.execv(sys.executable, [sys.executable, "-m", *command])


if __name__ == "__main__":
    main(*sys.argv[1:])
