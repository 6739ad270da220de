"""What the Prefect page and its log show of a backup: progress while it works, a summary at its end."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from prefect.logging import get_run_logger

from cardcat.cli.progress import DOING, Told, Work
from cardcat.errors import CardcatError
from cardcat.model import BackupOptions, BackupResult, SessionStatus, Stage
from cardcat.paths import display
from cardcat.reporting import Silent
from cardcat.run import Run
from cardcat.safety.verdict import safe_to_format
from cardcat.summary import findings_table, session_line, summary_markdown
from tasks.page import EVERY, Page

_MOST_JUDGED = 50_000  # files of a card that are judged for the summary: four seconds, on top of the backup
_BEFORE_COPYING = (Stage.SCAN, Stage.HASH, Stage.DEDUPE)


class OnPage(Told):
    """
    Tells the page what a terminal is told: progress as a bar, the rest as lines of the log.

    A finding or a warning is for a person: WARNING. Of files that are well there is no line.
    """

    interval = EVERY

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page
        self._log = get_run_logger()
        self._percent = 0.0

    def began(self, work: Work) -> None:
        """Show the stage, with what there is to do."""
        self.progressed(work, work.began)

    def progressed(self, work: Work, now: float) -> None:
        """Move the bar, whose words say files, bytes and rate. It is that of the bytes to copy."""
        done, total = work.amounts()
        self._percent = 0.0 if work.stage in _BEFORE_COPYING or not total else 100.0 * done / total
        self._page.progress(self._percent, f"{DOING[work.stage]}: {work.numbers(now)}")

    def write(self, sentence: str, style: str) -> None:  # noqa: ARG002 - a log has levels
        """Say something that a person should know."""
        self._log.warning("%s", display(sentence))

    def finished(self, result: BackupResult) -> None:
        """Show how it ended; the bar is full only if all was done."""
        super().finished(result)
        words = display("; ".join(session_line(session) for session in result.sessions))
        done = 100.0 if result.status is SessionStatus.COMPLETED else self._percent
        self._page.progress(done, words)


@contextmanager
def telling_page(page: Page) -> Iterator[OnPage]:
    """What is told inside goes to the page; at the end, how many findings its log left out."""
    reporter = OnPage(page)
    try:
        yield reporter
    finally:
        reporter.close()


def advise(errors: Iterable[CardcatError | None]) -> None:
    """Log what a person can do about what went wrong."""
    log = get_run_logger()
    for hint in dict.fromkeys(error.hint for error in errors if error and error.hint):
        log.warning("What to do: %s", display(hint))


def troubles(run: Run) -> list[CardcatError]:
    """What ended the work for single destinations."""
    failed = [destination.error for destination in run.destinations if destination.error]
    return [*failed, *(error for _, error in run.unusable)]


def summarise(page: Page, result: BackupResult, options: BackupOptions, catalog: str | None) -> None:
    """Leave the findings as a table, and the summary with the verdict and the next command."""
    log = get_run_logger()
    for session in result.sessions:
        well = session.status is SessionStatus.COMPLETED
        log.log(logging.INFO if well else logging.WARNING, "%s", display(session_line(session)))
    if result.findings:
        page.table("findings", findings_table(result.findings), "What was found with single files")
    page.markdown("summary", _summary(result, options, catalog))


def _summary(result: BackupResult, options: BackupOptions, catalog: str | None) -> str:
    if any(session.counts.pending for session in result.sessions):
        return summary_markdown(result, options, catalog)  # nobody has to look to know that it is not safe
    if any(session.counts.scanned > _MOST_JUDGED for session in result.sessions):
        return summary_markdown(result, options, catalog)
    try:
        verdict = safe_to_format(options.source, catalog=catalog, reporter=Silent())
    except (CardcatError, OSError):  # the card is gone: nothing can be said of it
        return summary_markdown(result, options, catalog)
    return summary_markdown(result, options, catalog, safe=verdict.safe, reasons=verdict.reasons)
