"""The small project, rendered once for each worker; every test breaks a copy of its own."""

import shutil
from pathlib import Path

import pytest

from tests.build import project as small


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = small.make(tmp_path_factory.mktemp("rendered") / "project")
    done = small.build(project)
    assert done.returncode == 0, done.stderr
    return project


@pytest.fixture
def project(rendered: Path, tmp_path: Path) -> Path:
    return shutil.copytree(rendered, tmp_path / "project")
