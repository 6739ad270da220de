"""The summary of a backup on its page, whatever has become of the card meanwhile."""

from __future__ import annotations

import errno
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cardcat.errors import SourceError
from cardcat.model import BackupOptions, BackupResult, Counts, SessionResult, SessionStatus
from tasks import report


class Pages:
    """Keeps what is shown."""

    def __init__(self) -> None:
        self.shown: dict[str, str] = {}

    def markdown(self, name: str, content: str) -> None:
        self.shown[name] = content


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), SourceError("It is gone.")])
def test_a_card_that_can_not_be_looked_at_any_more_costs_only_the_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(report, "safe_to_format", gone)
    monkeypatch.setattr(report, "get_run_logger", lambda: None)
    page: Any = Pages()
    options = BackupOptions(tmp_path / "card", (tmp_path / "drive",))

    report.summarise(page, BackupResult(SessionStatus.COMPLETED, (), 0, 1.0), options, None)

    assert "safe to format was not looked at" in page.shown["summary"]


@pytest.mark.parametrize(("files", "is_asked"), [(50_000, True), (50_001, False)])
def test_a_huge_card_is_left_to_the_one_who_wants_to_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: int, is_asked: bool
) -> None:
    asked = []

    def judge(*_: object, **__: object) -> SimpleNamespace:
        asked.append(True)
        return SimpleNamespace(safe=True, reasons=())

    monkeypatch.setattr(report, "safe_to_format", judge)
    monkeypatch.setattr(report, "get_run_logger", lambda: logging.getLogger("test"))
    page: Any = Pages()
    options = BackupOptions(tmp_path / "card", (tmp_path / "drive",))
    session = SessionResult(
        id=1,
        destination_path="drive",
        status=SessionStatus.COMPLETED,
        resumed=False,
        counts=Counts(scanned=files, copied=files),
        files_ignored=0,
        files_excluded=0,
    )

    report.summarise(page, BackupResult(SessionStatus.COMPLETED, (session,), 0, 1.0), options, None)

    assert bool(asked) == is_asked
    assert ("Safe to format: yes" in page.shown["summary"]) == is_asked
    assert "cardcat safe-to-format" in page.shown["summary"]
