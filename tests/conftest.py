"""What every test may ask for."""

from __future__ import annotations

import csv
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import Desk

settings.register_profile("unhurried", deadline=None)  # the machine may be busy; nothing fails by the clock
settings.load_profile("unhurried")

MEDIA = Path(__file__).parents[2] / "shared" / "media"
GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `pytest --update-golden` write what is then reviewed as a diff."""
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str | Path, str], None]:
    """Compare a text with the file of that name in tests/golden, or with the file at a path."""

    def compare(name: str | Path, actual: str) -> None:
        file = GOLDEN / name
        if request.config.getoption("--update-golden"):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(actual, encoding="utf-8")
        assert file.is_file(), f"there is no {file.name}: run pytest --update-golden, and read what it wrote"
        assert actual == file.read_text(encoding="utf-8")

    return compare


@pytest.fixture(scope="session")
def devset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real files, unpacked with their times into a temporary folder."""
    archive = MEDIA / "dev_set.tar"
    if not archive.is_file():
        pytest.skip("the folder with real media files is not beside this checkout")
    root = tmp_path_factory.mktemp("devset")
    with tarfile.open(archive) as tar:
        if hasattr(tarfile, "fully_trusted_filter"):  # names that the stricter filters refuse are the point
            tar.extractall(root, filter="fully_trusted")
        else:
            tar.extractall(root)
    return root


@pytest.fixture(scope="session")
def manifest() -> list[dict[str, str]]:
    """What is known of each real file, a row a file."""
    path = MEDIA / "MANIFEST.csv"
    if not path.is_file():
        pytest.skip("the folder with real media files is not beside this checkout")
    with path.open(newline="", encoding="utf-8") as rows:
        return list(csv.DictReader(rows))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A card, drives and a catalog in a folder of their own."""
    return Desk(tmp_path)
