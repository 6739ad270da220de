"""Libraries to clean up."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.catalog.shelf import Shelf
from tests.cleanup.shelves import Library


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """Drives that are folders, none of them plugged in yet."""
    return Library(Shelf(tmp_path, monkeypatch))
