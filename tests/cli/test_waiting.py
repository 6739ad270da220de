"""A person is told what a large catalog is asked for, and nobody else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from cardcat.catalog import looks
from cardcat.cli import waiting


@pytest.mark.parametrize(
    ("is_watched", "largest", "is_shown"), [(True, 0, True), (False, 0, False), (True, 9, False)]
)
def test_it_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    is_watched: bool,
    largest: int,
    is_shown: bool,
) -> None:
    (tmp_path / "catalog.db").write_bytes(b"123456789")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(waiting, "is_watched", lambda: is_watched)
    monkeypatch.setattr(looks, "LARGE", largest)

    with waiting.waiting("Reading it", tmp_path / "catalog.db"):
        pass

    said = capsys.readouterr()
    assert said.out == ""
    assert ("Reading it" in said.err) == is_shown
