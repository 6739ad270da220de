"""
What all flows leave on their run's page: progress, tables, a summary, tags and labels.

A thread of its own tells the server, so that one that is slow, hangs or is gone slows no work.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId, ArtifactFilterKey
from prefect.logging.handlers import PrefectConsoleHandler
from prefect.runtime import flow_run
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from cardcat.reporting import current

EVERY = 1.0  # seconds between two updates: the page asks no more often
ANSWER = 5.0  # seconds that the server may take for one of them
AT_THE_END = 10.0  # seconds that are waited for what is not told yet

_Telling = Callable[[SyncPrefectClient], object]


class Page:
    """
    The page of the flow run at work. Every method returns at once and none raises; outside a flow run
    nothing happens. *flow* names the artifacts: `backup-progress`, `backup-findings`, `backup-summary`.
    """

    def __init__(self, flow: str) -> None:
        self._flow = flow
        self._run = UUID(str(flow_run.id)) if flow_run.id else None
        self._tags = {str(tag) for tag in flow_run.tags or ()}
        self._again = (flow_run.run_count or 0) > 1
        self._waiting: deque[_Telling] = deque()
        self._progress: tuple[float, str] | None = None
        self._shown: tuple[float, str] | None = None
        self._bar: UUID | None = None
        self._over = threading.Event()
        self._teller = threading.Thread(target=self._tell, name="page", daemon=True)

    def progress(self, percent: float, description: str) -> None:
        """Say how far the run is; what is said within one second is told once."""
        self._progress = (min(100.0, max(0.0, percent)), description)

    def table(self, name: str, rows: Sequence[Mapping[str, object]], description: str) -> None:
        """Leave a table, one mapping a row, under the key `<flow>-<name>`."""
        data = [dict(row) for row in rows]
        self._later(lambda client: self._create(client, "table", name, data, description))

    def markdown(self, name: str, words: str) -> None:
        """Leave a text under the key `<flow>-<name>`."""
        self._later(lambda client: self._create(client, "markdown", name, words))

    def tag(self, *tags: str) -> None:
        """Add tags to the run, beside those it has."""
        self._tags |= set(tags)
        everything = sorted(self._tags)
        self._later(lambda client: client.update_flow_run(self._id(), tags=everything))

    def label(self, name: str, value: str) -> None:
        """Write down something of the run that programs may look for."""
        self._later(lambda client: client.update_flow_run_labels(self._id(), {name: value}))

    def open(self) -> None:
        """Begin to tell."""
        if self._run is not None:
            self._teller.start()

    def close(self) -> bool:
        """Wait a little for what is not told yet; whether all of it was."""
        if self._run is None:
            return True
        self._over.set()
        self._teller.join(AT_THE_END)
        return not self._waiting

    def _later(self, telling: _Telling) -> None:
        if self._run is not None:
            self._waiting.append(telling)

    def _id(self) -> UUID:
        assert self._run is not None
        return self._run

    def _tell(self) -> None:
        with (
            suppress(Exception),
            temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}),
            get_client(httpx_settings={"timeout": ANSWER}, sync_client=True) as client,
        ):
            self._told_all(client)
            while not self._over.wait(EVERY):
                self._told_all(client)
            end = time.monotonic() + AT_THE_END
            while not self._told_all(client) and time.monotonic() < end:
                time.sleep(EVERY)  # the server is not there: it may be again

    def _told_all(self, client: SyncPrefectClient) -> bool:
        """Tell what is waiting, in its order; False if the server did not take all of it."""
        try:
            while self._waiting:
                self._waiting[0](client)
                self._waiting.popleft()
            self._tell_progress(client)
        except Exception:  # noqa: BLE001 - the page is a witness: whatever is wrong with it, the work goes on
            return False
        return True

    def _tell_progress(self, client: SyncPrefectClient) -> None:
        now = self._progress
        if now is None or now == self._shown:
            return
        percent, description = now
        self._bar = self._bar or self._earlier_bar(client)
        if self._bar is None:
            self._bar = self._create(client, "progress", "progress", percent, description)
        else:  # not by the client's own method, which has the server keep an event for each
            body = {"data": percent, "description": description}
            client.request("PATCH", "/artifacts/{id}", path_params={"id": self._bar}, json=body)
        self._shown = now

    def _earlier_bar(self, client: SyncPrefectClient) -> UUID | None:
        """The bar that an earlier attempt at this run has left."""
        if not self._again:
            return None
        mine = ArtifactFilter(
            flow_run_id=ArtifactFilterFlowRunId(any_=[self._id()]),
            key=ArtifactFilterKey(any_=[self._key("progress")]),
        )
        found = client.read_artifacts(artifact_filter=mine)
        return found[0].id if found else None

    def _create(
        self, client: SyncPrefectClient, kind: str, name: str, data: object, description: str | None = None
    ) -> UUID:
        artifact = ArtifactCreate(
            key=self._key(name), type=kind, data=data, description=description, flow_run_id=self._id()
        )
        return client.create_artifact(artifact).id

    def _key(self, name: str) -> str:
        return f"{self._flow}-{name}"


@contextmanager
def on_page(flow: str) -> Iterator[Page]:
    """The page of the flow run at work, for as long as the block takes."""
    _outlive_the_worker()
    page = Page(flow)
    page.open()
    try:
        yield page
    finally:
        if not page.close():
            current().note("The Prefect server did not answer: the run's page does not show all of it.")


def _outlive_the_worker() -> None:
    """A worker that is killed can't hear the log any more: its runs would end with the first line of it."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler, PrefectConsoleHandler):
            _go_on_unheard(handler)


def _go_on_unheard(handler: PrefectConsoleHandler) -> None:
    def be_quiet() -> None:
        handler.console.quiet = True

    handler.console.on_broken_pipe = be_quiet  # type: ignore[method-assign]
