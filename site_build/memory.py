"""Values kept in the cache folder, each with a key: a digest of everything it was made from.

A value counts for nothing once its key is another one, or when its file is damaged.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from typing import Any

from site_build import CACHE

FOLDER = CACHE / "kept"


def digest(*parts: str | bytes) -> str:
    """One digest of all parts, in their order."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(hashlib.sha256(part.encode() if isinstance(part, str) else part).digest())
    return whole.hexdigest()


def kept(name: str, key: str) -> Any:
    """The value kept under this name for this key; None if there is none, or it is damaged."""
    with contextlib.suppress(OSError, ValueError):
        found_key, check, body = (FOLDER / name).read_text(encoding="utf-8").split("\n", 2)
        if found_key == key and check == digest(body):
            return json.loads(body)
    return None


def keep(name: str, key: str, value: Any) -> None:
    """Keep it; a cache that cannot be written only means that it is made again."""
    body = json.dumps(value)
    file = FOLDER / name
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        new = file.with_name(f"{file.name}-{os.getpid()}")
        new.write_text(f"{key}\n{digest(body)}\n{body}", encoding="utf-8", newline="\n")
        new.replace(file)


def once(name: str, key: str, make: Callable[[], Any]) -> Any:
    """The kept value, or a new one, kept from now on."""
    value = kept(name, key)
    if value is None:
        value = make()
        keep(name, key, value)
    return value
