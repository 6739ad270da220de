"""Run a backup as a Prefect flow in this process. The only module here that imports Prefect, and lazily."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cardcat import server, stopping
from cardcat.backup import backup
from cardcat.catalog.engine import local_path
from cardcat.errors import CardcatError
from cardcat.model import BackupOptions, BackupResult
from cardcat.project import ROOT
from cardcat.reporting import Several, Silent, current, reporting_to
from cardcat.summary import run_name

if TYPE_CHECKING:
    from prefect import Flow
    from prefect.client.schemas.objects import FlowRun

DEPLOYMENT = "backup/backup"


class _Keeper(Silent):
    """Keeps the result: a server that dies after the work was done must not take it away."""

    result: BackupResult | None = None

    def finished(self, result: BackupResult) -> None:
        """Keep it."""
        self.result = result


def run_flow(options: BackupOptions, catalog: str | None = None) -> BackupResult:
    """
    Back up as the flow `flows/backup.py`, seen on the Prefect page; without a server, without it.

    The same result and the same errors as `cardcat.backup.backup`.
    """
    api_url = server.ensure()
    if api_url is None:
        current().note("No Prefect server answers: the backup runs without a page. Nothing else is missing.")
        return _directly(options, catalog)
    server.use(api_url)
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")  # the page has the log lines
    keeper = _Keeper()
    try:
        with reporting_to(Several(current(), keeper)):
            _run(options, catalog)
    except (CardcatError, KeyboardInterrupt):
        raise
    except Exception as error:  # noqa: BLE001 - whatever Prefect has: it is a witness, not a pillar
        if keeper.result is None and not stopping.stop_requested():
            current().note(f"Prefect failed ({type(error).__name__}); the backup goes on without its page.")
            return _directly(options, catalog)
    if keeper.result is None:
        return _directly(options, catalog)
    return keeper.result


def _directly(options: BackupOptions, catalog: str | None) -> BackupResult:
    return backup(options, catalog=catalog, stop=stopping.stop_requested)


def _run(options: BackupOptions, catalog: str | None) -> None:
    from prefect.flow_engine import run_flow as execute  # noqa: PLC0415 - Prefect takes a second to import

    flow = load_flow("backup")
    parameters = _parameters(options, catalog)
    flow_run = _create_run(parameters)
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
    from prefect.flows import load_flow_from_entrypoint  # noqa: PLC0415 - see above

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


def _create_run(parameters: dict[str, Any]) -> FlowRun | None:
    """A run of the deployment, so that the page can retry and cancel it; None: a run of its own is made."""
    from prefect.client.orchestration import get_client  # noqa: PLC0415 - see above
    from prefect.exceptions import ObjectNotFound  # noqa: PLC0415
    from prefect.states import Pending  # noqa: PLC0415

    with get_client(sync_client=True) as client:
        try:
            deployment = client.read_deployment_by_name(DEPLOYMENT)
        except ObjectNotFound:
            return None
        name = run_name(parameters["source"], parameters["destinations"])
        return client.create_flow_run_from_deployment(
            deployment.id, parameters=parameters, state=Pending(), name=name
        )


def _parameters(options: BackupOptions, catalog: str | None) -> dict[str, Any]:
    """The order as the page shows it; paths are full, because a retry runs somewhere else."""
    return {
        "source": str(options.source.absolute()),
        "destinations": [str(path.absolute()) for path in options.destinations],
        "layout": options.layout.value,
        "timezone": options.timezone,
        "excludes": list(options.excludes),
        "recheck": options.recheck,
        "catalog": str(local_path(catalog)),
        "session": options.rerun,
    }
