"""Back up a card: scan → hash → dedupe → copy → record, as a Prefect flow over batches."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from prefect import State, flow
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from cardcat import reporting, stopping
from cardcat.backup import BATCHES_IN_FLIGHT, ended, in_order
from cardcat.model import BackupOptions, BackupResult, Layout, SessionStatus
from cardcat.opening import opened_run
from cardcat.run import Run
from cardcat.stages.batches import Batch, rounds
from cardcat.stages.copying import CopiedBatch
from cardcat.stages.grouping import group_copies
from cardcat.stages.targets import complete_folders
from cardcat.summary import run_name
from tasks.copy import copy
from tasks.dedupe import dedupe
from tasks.hash import hash_files
from tasks.policy import whole
from tasks.record import record
from tasks.report import PageReporter, progress_on_page, summarise
from tasks.scan import scan


def _name() -> str:
    return run_name(flow_run.parameters["source"], flow_run.parameters["destinations"])


_runner: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=BATCHES_IN_FLIGHT)


@flow(
    name="backup",
    flow_run_name=_name,
    task_runner=_runner,
    persist_result=False,
)
def backup(  # noqa: PLR0917 - the parameters are the form on the page
    source: str,
    destinations: list[str],
    layout: Literal["dated", "tree"] = "dated",
    timezone: str | None = None,
    excludes: list[str] | None = None,
    recheck: bool = False,
    catalog: str | None = None,
    session: int | None = None,
) -> State[Any]:
    """
    Copy a card to one or more drives, prove every copy, and record it all in the catalog.

    *source* and *destinations* are folders on the machine of the worker. *session* is the id of one to
    resume. Run it again to finish what was interrupted.
    """
    options = BackupOptions(
        source=Path(source),
        destinations=tuple(Path(destination) for destination in destinations),
        layout=Layout(layout),
        timezone=timezone,
        excludes=tuple(excludes or ()),
        recheck=recheck,
        rerun=session,
    )
    stopping.install()
    page = PageReporter()
    reporter = reporting.Several(reporting.current(), page)
    with (
        progress_on_page(page, f"Backup of {options.source.name}"),
        opened_run(options, catalog, reporter=reporter, stop=stopping.stop_requested) as run,
    ):
        run.flow_run_id = str(flow_run.id) if flow_run.id else None
        result = ended(run, lambda: _stages(run))
    summarise(result, options, catalog)
    return _state(result)


def _stages(run: Run) -> None:
    listing = scan(whole(run), card=run.source.root.name)
    known = hash_files(whole(run), whole(listing))
    plan = dedupe(whole(run), whole(listing), whole(known))

    def submit(batch: Batch) -> PrefectFuture[CopiedBatch]:
        return copy.submit(whole(run), whole(batch), label=batch.name)

    for batches in rounds(run, plan):
        for copied in in_order(batches, submit):
            record(whole(run), whole(copied), label=copied.batch.name)
    complete_folders(run, listing, plan.prefixes)
    group_copies(run, listing)


def _state(result: BackupResult) -> State[Any]:
    """End the run as its sessions ended, so that whatever needs a person is red on the page."""
    message = "; ".join(f"{s.destination_path}: {s.message or s.status.value}" for s in result.sessions)
    if result.status == SessionStatus.CANCELLED:
        return Cancelled(message=message)
    if result.status == SessionStatus.FAILED:
        return Failed(message=message)
    return Completed(message=message)
