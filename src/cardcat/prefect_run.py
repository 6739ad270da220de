"""Run a job as a Prefect flow in this process. The only module here that imports Prefect, and lazily."""

from __future__ import annotations

import logging
import os
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import wait
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from cardcat import server, stopping
from cardcat.errors import CardcatError
from cardcat.model import BackupOptions, BackupResult, SessionStatus
from cardcat.reporting import Reporter, Several, Silent, current, reporting_to
from cardcat.server import reaping, runs
from cardcat.server.fuse import Fuse, fused
from cardcat.shipped import ROOT

if TYPE_CHECKING:
    from prefect import Flow
    from prefect.client.schemas.objects import FlowRun

R = TypeVar("R")

DEPLOYMENT = "backup/backup"

_NO_SERVER = "No Prefect server answers: the {} runs without a page. Nothing else is missing."
_NO_END_OF = (
    "The Prefect server does not answer any more: its page does not show how this {} ended. "
    "Nothing else is missing."
)
_NO_END = _NO_END_OF.format("backup")
_QUIET = {  # the page has the log lines, and what it could not be told is said once, by us
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL",
}
_STATES = {
    SessionStatus.COMPLETED: "COMPLETED",
    SessionStatus.CANCELLED: "CANCELLED",
    SessionStatus.FAILED: "FAILED",
}
_REAPING = 5.0  # seconds that are waited for it once the backup is done
_SILENCE = 5.0  # seconds without an answer after which a server is told nothing more at the end
_FAREWELL = 120.0  # seconds that telling a busy server the rest may take


class _Keeper(Silent):
    """Keeps the result, which a server that dies after the work must not take away, and what was said."""

    result: BackupResult | None = None
    told_of_server = False

    def finished(self, result: BackupResult) -> None:
        """Keep it."""
        self.result = result

    def note(self, sentence: str) -> None:
        """Remember whether somebody has said that the server is gone."""
        self.told_of_server |= "Prefect server" in sentence


def run_flow(options: BackupOptions, catalog: str | None = None) -> BackupResult:
    """
    Back up as the flow `flows/backup.py`, seen on the Prefect page; without a server, without it.

    The same result and the same errors as `cardcat.backup.backup`.
    """
    return witnessed("backup", lambda api_url: _Witnessed(api_url, options, catalog))


def witnessed(name: str, work: Callable[[str], Witnessed[R]]) -> R:
    """Do the *work* for a server's address as the flow *name*; where there is no server, without it."""
    api_url, flow = _prepared(name)
    if api_url is None:
        current().note(_NO_SERVER.format(name))
        return work("").directly()
    reaper = threading.Thread(target=reaping.reap, args=(api_url,), daemon=True)
    reaper.start()
    try:
        return work(api_url).run(flow)
    finally:
        reaper.join(_REAPING)


def _prepared(name: str) -> tuple[str | None, Flow[..., Any]]:
    """The server and the flow. A server that has to be started is waited for while Prefect is imported."""
    logging.raiseExceptions = False  # Prefect writes to the terminal what it could not log to the server
    for setting, level in _QUIET.items():
        os.environ.setdefault(setting, level)
    if url := server.find():
        server.use(url)
        return url, load_flow(name)
    coming = server.soon()
    server.expect()
    flow = load_flow(name)
    if url := coming():
        from prefect.context import refresh_global_settings_context  # noqa: PLC0415 - see load_flow

        server.use(url)
        refresh_global_settings_context()  # its port may be another than expected
    return url, flow


def _directly(options: BackupOptions, catalog: str | None) -> BackupResult:
    from cardcat.backup import backup  # noqa: PLC0415 - the server is started before it is loaded

    return backup(options, catalog=catalog, stop=stopping.stop_requested)


class Witnessed(ABC, Generic[R]):
    """
    A job that the server at *api_url* is told of, as long as it listens. *what* is what people call it.

    *deployment* is what its run is made from, so that the page can retry and cancel it.
    """

    what: ClassVar[str]
    deployment: ClassVar[str]

    def __init__(self, api_url: str) -> None:
        self._api_url = api_url
        self._keeper = _Keeper()
        self._id: str | None = None

    @abstractmethod
    def directly(self) -> R:
        """Do the job without Prefect."""

    @abstractmethod
    def order(self) -> tuple[str, dict[str, Any]]:
        """What the run is called, and its parameters, as the page shows them."""

    @abstractmethod
    def result(self) -> R | None:
        """What came of it, if it was done as a flow."""

    @abstractmethod
    def state(self, result: R) -> str:
        """The type of the state that a run with that *result* ends in."""

    def run(self, flow: Flow[..., Any]) -> R:
        """Do it. Whatever Prefect has, the work is done, once."""
        try:
            with reporting_to(Several(current(), self._keeper)):
                self._as_flow(flow)
        except (CardcatError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 - Prefect's signals are none of Exception
            return self._without_page(error)
        return self.result() or self.directly()

    def _as_flow(self, flow: Flow[..., Any]) -> None:
        name, parameters = self.order()
        fuse = Fuse()
        with fused(fuse):
            flow_run = _create_run(flow, parameters, self.deployment, name)
            self._id = str(flow_run.id)
            with runs.watching(self._id, _stopping(current()), self._api_url) as watch:
                fuse.silence = lambda: watch.silence
                try:
                    _execute(flow, flow_run, parameters)
                finally:
                    _farewell(watch)

    def _without_page(self, error: BaseException) -> R:
        """Do what is left to do, and have the page show how it ended if the server answers again."""
        result = self.result()
        if result is None:
            if self._id and runs.is_cancelled(self._id, self._api_url):
                stopping.request_stop()
            elif not stopping.stop_requested():
                failed = type(error).__name__
                self._say(f"Prefect failed ({failed}); the {self.what} goes on without its page.")
            result = self.directly()
        ending = runs.Ending(self.state(result), "The server was not told in time.")
        if not (self._id and runs.end_run(self._id, ending, self._api_url)):
            self._say(_NO_END_OF.format(self.what))
        return result

    def _say(self, sentence: str) -> None:
        if not self._keeper.told_of_server:
            self._keeper.told_of_server = True
            current().note(sentence)


class _Witnessed(Witnessed[BackupResult]):
    """A backup."""

    what = "backup"
    deployment = DEPLOYMENT

    def __init__(self, api_url: str, options: BackupOptions, catalog: str | None) -> None:
        super().__init__(api_url)
        self._order = options, catalog

    def directly(self) -> BackupResult:
        return _directly(*self._order)

    def order(self) -> tuple[str, dict[str, Any]]:
        from cardcat import calling  # noqa: PLC0415 - not before the server is started

        parameters = calling.parameters_of(*self._order)
        return calling.run_name(parameters["source"], parameters["destinations"]), parameters

    def result(self) -> BackupResult | None:
        return self._keeper.result

    def state(self, result: BackupResult) -> str:
        return _STATES.get(result.status, "FAILED")


def _stopping(reporter: Reporter) -> Callable[[], None]:
    """What is done when somebody cancels the run on its page; a thread does it."""

    def stop() -> None:
        reporter.note("Cancelled on the page: stopping after the files in hand; what is done is kept.")
        stopping.request_stop()

    return stop


def _execute(flow: Flow[..., Any], flow_run: FlowRun, parameters: dict[str, Any]) -> None:
    """Have Prefect run the flow, and raise what the flow raised."""
    from prefect.flow_engine import run_flow as execute  # noqa: PLC0415 - see load_flow

    state: Any = execute(flow, flow_run=flow_run, parameters=parameters, return_type="state")
    error = state.data if isinstance(state.data, Exception) else None
    if error is None:
        with suppress(Exception):
            found = state.result(raise_on_failure=False)
            error = found if isinstance(found, Exception) else None
    if isinstance(error, Exception):
        raise error


def load_flow(name: str) -> Flow[..., Any]:
    """The flow *name*, by the entrypoint that prefect.yaml deploys, with tasks of the same project."""
    from prefect.flows import load_flow_from_entrypoint  # noqa: PLC0415 - Prefect takes a second to import

    before = Path.cwd()
    os.chdir(ROOT)  # Prefect puts the working folder first on the import path, so that `tasks` is ours
    try:
        _forget_foreign("tasks")
        return load_flow_from_entrypoint(f"flows/{name}.py:{name}", use_placeholder_flow=False)
    finally:
        os.chdir(before)


def _forget_foreign(package: str) -> None:
    """Somebody else's `tasks` that was imported already must not stand in for ours."""
    loaded = sys.modules.get(package)
    origin = getattr(loaded, "__file__", None)
    if loaded is not None and (origin is None or not Path(origin).is_relative_to(ROOT)):
        for name in [name for name in sys.modules if name.split(".")[0] == package]:
            del sys.modules[name]


def _create_run(flow: Flow[..., Any], parameters: dict[str, Any], deployment: str, name: str) -> FlowRun:
    """A run of the deployment, so that the page can retry and cancel it; without one, of the flow alone."""
    from prefect.client.orchestration import get_client  # noqa: PLC0415 - see load_flow
    from prefect.exceptions import ObjectNotFound  # noqa: PLC0415
    from prefect.states import Pending  # noqa: PLC0415

    with get_client(sync_client=True) as client:
        try:
            deployed = client.read_deployment_by_name(deployment)
        except ObjectNotFound:
            flow_run = client.create_flow_run(flow, name=name, parameters=parameters, state=Pending())
            client.update_flow_run_labels(flow_run.id, runs.labels())
            return flow_run
        flow_run = client.create_flow_run_from_deployment(
            deployed.id, parameters=parameters, state=Pending(), name=name, labels=runs.labels()
        )
    # Or the engine would wait for a stream of events in which somebody might suspend the run.
    return flow_run.model_copy(update={"deployment_id": None})


def _farewell(watch: runs.Watch) -> None:
    """Let Prefect tell the server what it still has, as long as the server listens; the rest is left."""
    with suppress(Exception):  # its inner parts may be others in another version
        from prefect._internal.concurrency import services  # noqa: PLC0415 - see load_flow

        waiting = [service._drain() for service in list(services._active_services) if service._started]  # noqa: SLF001
        left = set(waiting)
        for _ in range(int(_FAREWELL / 0.5)):
            left = wait(left, timeout=0.5).not_done
            if not left or watch.silence > _SILENCE:
                break
        for service in list(services._active_services):  # noqa: SLF001 - or they are waited for at the exit
            if service._loop and service._done_event:  # noqa: SLF001
                service._loop.call_soon_threadsafe(service._done_event.set)  # noqa: SLF001
