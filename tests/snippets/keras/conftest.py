"""A snippet prints nothing: what a training says, it returns."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Fails a test whose code writes to the terminal, as ``fit`` does if it may."""
    yield
    assert capsys.readouterr().out == ""
