"""What the Prefect page shows of a run: progress while it works, findings and a summary at its end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.logging import get_run_logger

from cardcat.errors import CardcatError
from cardcat.model import BackupOptions, BackupResult, SessionStatus, Stage
from cardcat.paths import display
from cardcat.reporting import Silent
from cardcat.safety.verdict import safe_to_format
from cardcat.summary import findings_table, summary_markdown

MOST_LINES = 50  # findings in the log; the table and the catalog have the rest
EVERY = 1.0  # seconds between two updates: the page asks no more often


class PageReporter(Silent):
    """Keeps what the page is told; the telling is done by a thread, so that a slow server slows nothing."""

    def __init__(self) -> None:
        self.stage = Stage.SCAN
        self._size = self._done = 0

    @property
    def percent(self) -> float:
        """How much of the bytes to copy is done."""
        if self.stage in (Stage.SCAN, Stage.HASH, Stage.DEDUPE):
            return 0.0
        return 100.0 if not self._size else min(100.0, 100.0 * self._done / self._size)

    def begin(self, stage: Stage, *, files: int, size: int) -> None:  # noqa: ARG002 - bytes say enough
        """Start counting anew."""
        self.stage, self._size, self._done = stage, size, 0

    def advance(self, *, files: int, size: int) -> None:  # noqa: ARG002 - the same
        """Count."""
        self._done += size


@contextmanager
def progress_on_page(reporter: PageReporter, description: str) -> Iterator[None]:
    """Show the reporter's progress on the run's page; trouble with the server is ignored."""
    done = threading.Event()
    artifact = _create(description)
    thread = threading.Thread(target=_tell, args=(reporter, artifact, done), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(timeout=5 * EVERY)


def summarise(result: BackupResult, options: BackupOptions, catalog: str | None) -> None:
    """Leave the findings as a table and the summary with the verdict on the run's page."""
    logger = get_run_logger()
    for session in result.sessions:
        counts = session.counts
        level = logging.INFO if session.status == SessionStatus.COMPLETED else logging.WARNING
        logger.log(
            level,
            "%s: %s, %d copied, %d skipped, %d failed, %d pending",
            session.destination_path,
            session.status.value,
            counts.copied,
            counts.skipped,
            counts.failed,
            counts.pending,
        )
    for finding in [finding for finding in result.findings if finding.attention][:MOST_LINES]:
        logger.warning("%s", display(finding.message))
    with suppress(Exception):  # the page is a witness
        if result.findings:
            create_table_artifact(
                key="backup-findings", table=findings_table(result.findings), description="Findings"
            )
        create_markdown_artifact(key="backup-summary", markdown=_summary(result, options, catalog))


def _summary(result: BackupResult, options: BackupOptions, catalog: str | None) -> str:
    try:
        verdict = safe_to_format(options.source, catalog=catalog, reporter=Silent())
    except CardcatError:  # the card is gone: nothing can be said of it
        return summary_markdown(result, options)
    reasons = [f"{reason.path}: {reason.reason}" for reason in verdict.reasons]
    return summary_markdown(result, options, safe=verdict.safe, reasons=reasons)


def _create(description: str) -> UUID | None:
    with suppress(Exception):
        artifact = create_progress_artifact(progress=0.0, key="backup-progress", description=description)
        return artifact if isinstance(artifact, UUID) else None
    return None


def _tell(reporter: PageReporter, artifact: UUID | None, done: threading.Event) -> None:
    told = 0.0
    while artifact is not None:
        is_last = done.wait(EVERY)
        if (now := reporter.percent) != told:
            with suppress(Exception):
                update_progress_artifact(artifact_id=artifact, progress=now)
                told = now
        if is_last:
            return
