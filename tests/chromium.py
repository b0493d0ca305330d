"""Finds the Chromium that the browser tests drive, and installs one where there is none."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """The browser's path: ``$CHROMIUM``, one on the PATH, or the one Playwright installed."""
    if chosen := os.environ.get("CHROMIUM"):
        return chosen if Path(chosen).is_file() else None
    for name in NAMES:
        if path := shutil.which(name):
            return path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def install() -> str:
    """The browser's path, after installing it from Debian's packages or through Playwright.

    Raises:
        RuntimeError: If neither gave a browser.
    """
    if os.environ.get("CHROMIUM"):
        raise RuntimeError(f"CHROMIUM={os.environ['CHROMIUM']} is not a file")
    attempts = []
    if shutil.which("apt-get") and os.geteuid() == 0:
        attempts.append(["apt-get", "update", "-qq"])
        attempts.append(["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"])
    else:
        attempts.append([sys.executable, "-m", "playwright", "install", "chromium"])
    said = ""
    for command in attempts:
        print(f"No Chromium found: {' '.join(command)} ...", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        said = f"{done.stdout[-600:]}{done.stderr[-600:]}".strip()
        if done.returncode:
            break
    if path := find():
        return path
    raise RuntimeError(
        "no Chromium for the browser tests, and installing one failed; install one and set "
        f"CHROMIUM to its path. The installer said:\n{said}"
    )


if __name__ == "__main__":
    try:
        print(f"Browser: {find() or install()}")
    except RuntimeError as error:
        sys.exit(f"{error}")
