"""Back up a card: scan → hash → dedupe → copy → record, as a Prefect flow over batches."""

from __future__ import annotations

from typing import Any

from prefect import State, flow
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run
from prefect.states import Cancelled, Completed, Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from cardcat import reporting, stopping
from cardcat.backup import BATCHES_IN_FLIGHT, ended, in_order
from cardcat.calling import run_name, run_tags
from cardcat.errors import CancelledError, CardcatError
from cardcat.model import BackupOptions, BackupResult, SessionStatus
from cardcat.opening import opened_run
from cardcat.run import Run
from cardcat.stages.batches import Batch, rounds
from cardcat.stages.copying import CopiedBatch
from cardcat.stages.grouping import group_copies
from cardcat.stages.targets import complete_folders
from tasks import form
from tasks.closing import close_sessions
from tasks.copy import copy
from tasks.dedupe import dedupe
from tasks.hash import hash_files
from tasks.page import Page, on_page
from tasks.policy import whole
from tasks.record import record
from tasks.report import advise, summarise, telling_page, troubles
from tasks.running import begin, refused
from tasks.scan import scan


def _name() -> str:
    return run_name(flow_run.parameters["source"], flow_run.parameters["destinations"])


_runner: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=BATCHES_IN_FLIGHT)


@flow(
    name="backup",
    flow_run_name=_name,
    task_runner=_runner,
    persist_result=False,
    on_crashed=[close_sessions],
    on_cancellation=[close_sessions],
)
def backup(  # noqa: PLR0917 - the parameters are the form on the page
    source: form.Source,
    destinations: form.Destinations,
    layout: form.Arrangement = "dated",
    timezone: form.Timezone = "",
    excludes: form.Excludes = form.EMPTY,
    recheck: form.Recheck = False,
    catalog: form.Catalog = "",
    session: form.Session = 0,
    volumes: form.Volumes = form.EMPTY,
) -> State[Any]:
    """
    Copy a card to one or more drives, prove every copy, and record it all in the catalog.

    Retry, or the same order again, finishes what was interrupted: only what is missing is read.
    """
    begin()
    with on_page("backup") as page:
        try:
            options = form.order(
                source,
                destinations,
                layout,
                timezone,
                excludes,
                recheck=recheck,
                session=session,
                volumes=volumes,
            )
            page.tag(*run_tags(source, destinations))
            result = _backed_up(options, catalog or None, page)
        except CardcatError as error:
            return refused(error)
        except KeyboardInterrupt:  # asked twice: the sessions are cancelled, and so is the run
            return refused(CancelledError("The backup was stopped at once; what was recorded is kept."))
        summarise(page, result, options, catalog or None)
    return _state(result)


def _backed_up(options: BackupOptions, catalog: str | None, page: Page) -> BackupResult:
    with (
        telling_page(page) as shown,
        opened_run(
            options,
            catalog,
            reporter=reporting.Several(reporting.current(), shown),
            stop=stopping.stop_requested,
        ) as run,
    ):
        run.flow_run_id = str(flow_run.id) if flow_run.id else None
        result = ended(run, lambda: _stages(run, page))
        advise(troubles(run))
    return result


def _stages(run: Run, page: Page) -> None:
    listing = scan(whole(run), card=run.source.root.name)
    page.label("cardcat.sessions", ", ".join(str(each.session_id) for each in run.destinations))
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
