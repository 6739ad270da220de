"""A card and drives that are volumes of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.drives import drive, require_mounting
from tests.support import Desk


@pytest.fixture
def card(desk: Desk) -> Iterator[Path]:
    """A card and two drives, `one` and `two`, that are volumes of their own."""
    require_mounting()
    with ExitStack() as stack:
        for name in ("card", "one", "two"):
            stack.enter_context(drive(desk.folder / name, label=name))
        yield desk.folder / "card"
