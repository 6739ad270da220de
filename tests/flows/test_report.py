"""The summary of a backup on its page, whatever has become of the card meanwhile."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from cardcat.errors import SourceError
from cardcat.model import BackupOptions, BackupResult, SessionStatus
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
