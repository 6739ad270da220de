"""How a run tells of itself while it works: one small protocol, for a terminal, for Prefect, for nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from cardcat.model import BackupResult, Finding, Stage


class Reporter(Protocol):
    """Receives what happens. May be called from several threads; must not raise, must not block."""

    def begin(self, stage: Stage, *, files: int, size: int) -> None:
        """A stage starts that has *files* files of *size* bytes to do; 0 and 0 where nobody knows yet."""

    def advance(self, *, files: int, size: int) -> None:
        """So many more files and bytes of the stage are done."""

    def finding(self, finding: Finding) -> None:
        """Something is wrong with one file."""

    def note(self, sentence: str) -> None:
        """A sentence that a person should see once: a warning, a decision."""

    def finished(self, result: BackupResult) -> None:
        """The run is over."""


class Silent:
    """Tells nobody."""

    def begin(self, stage: Stage, *, files: int, size: int) -> None:
        """Ignore it."""

    def advance(self, *, files: int, size: int) -> None:
        """Ignore it."""

    def finding(self, finding: Finding) -> None:
        """Ignore it."""

    def note(self, sentence: str) -> None:
        """Ignore it."""

    def finished(self, result: BackupResult) -> None:
        """Ignore it."""


class Several:
    """Tells each of several reporters."""

    def __init__(self, *reporters: Reporter) -> None:
        self._reporters = reporters

    def begin(self, stage: Stage, *, files: int, size: int) -> None:
        """Pass it on."""
        for reporter in self._reporters:
            reporter.begin(stage, files=files, size=size)

    def advance(self, *, files: int, size: int) -> None:
        """Pass it on."""
        for reporter in self._reporters:
            reporter.advance(files=files, size=size)

    def finding(self, finding: Finding) -> None:
        """Pass it on."""
        for reporter in self._reporters:
            reporter.finding(finding)

    def note(self, sentence: str) -> None:
        """Pass it on."""
        for reporter in self._reporters:
            reporter.note(sentence)

    def finished(self, result: BackupResult) -> None:
        """Pass it on."""
        for reporter in self._reporters:
            reporter.finished(result)


_current: ContextVar[Reporter] = ContextVar("reporter")


def current() -> Reporter:
    """The reporter of the command at work; silent if there is none."""
    return _current.get(Silent())


@contextmanager
def reporting_to(reporter: Reporter) -> Iterator[Reporter]:
    """Make *reporter* the current one; a flow run in this process finds it without a parameter."""
    token = _current.set(reporter)
    try:
        yield reporter
    finally:
        _current.reset(token)
