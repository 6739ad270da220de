"""Looking for cards: the backups that a look starts are runs of their own on the page."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from uuid import UUID

from prefect import task
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateName,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.logging import get_run_logger
from prefect.runtime import deployment
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from cardcat.calling import run_name
from cardcat.catalog.engine import is_absent, local_path, open_catalog
from cardcat.inserted import CardState, SeenCard
from cardcat.paths import display
from cardcat.reporting import Silent, reporting_to
from cardcat.starters import NotNowError, Order, Started
from cardcat.watching import look
from tasks.policy import KEEP_NOTHING

DEPLOYMENT = "backup/backup"
QUIET = "Nothing new"
"""What the state of a run is called that had nothing to start."""

_TELLING = (CardState.STARTED, CardState.NOT_NOW, CardState.FAILED)
_ANSWER = 10.0  # seconds that the server may take
_QUIET_KEPT = 10  # runs; one a minute would bury the others on the page


def look_for_cards(catalog: str | None) -> list[SeenCard]:
    """
    See which cards are plugged in, and have a run started for each that is due.

    Without a catalog no card is enabled, and none is made.
    """
    if is_absent(catalog):
        return []
    with _telling_log(), open_catalog(catalog, create=False) as opened:
        return look(opened, Runs(catalog))


class Runs:
    """
    Has a run of the deployment made for each backup.

    It is not done in the run that looks where that can't be had: Prefect ends that one when it can't renew
    its place among those that may look, in the middle of a backup.
    """

    def __init__(self, catalog: str | None) -> None:
        self._catalog = catalog

    def start(self, order: Order) -> Started:
        """The run that was made. NotNowError if none could be."""
        try:
            made = create_run(_parameters(order, self._catalog), key=order.key, label=display(order.card))
        except Exception as error:
            raise NotNowError(
                f"No run could be made for it ({type(error).__name__}). The next look tries again.",
                hint="Without any server: cardcat watch",
            ) from error
        return Started(made)

    def is_at_work(self, flow_run_id: str) -> bool:
        """Whether that run has not ended yet, or that can't be told now."""
        try:
            with _asking() as client:
                state = client.read_flow_run(UUID(flow_run_id)).state
        except ObjectNotFound:
            return False
        except Exception:  # noqa: BLE001 - the next look asks again
            return True
        return state is None or not state.is_final()


@task(name="start", task_run_name="start the backup of {label}", tags=["cardcat"], **KEEP_NOTHING)
def create_run(parameters: Mapping[str, object], key: str, label: str) -> str:
    """
    Have the worker do a backup in a run of its own; its id. What goes wrong with the server is raised.

    Of the same *key* only one run is made, should the server's answer have been lost.
    """
    del label  # for the name of the task run
    source, destinations = parameters["source"], parameters["destinations"]
    assert isinstance(source, str)
    assert isinstance(destinations, list)
    with _asking() as client:
        found = client.read_deployment_by_name(DEPLOYMENT)
        run = client.create_flow_run_from_deployment(
            found.id,
            parameters=dict(parameters),
            name=run_name(source, destinations),
            idempotency_key=hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest(),
        )
    return str(run.id)


def forget_quiet_runs() -> None:
    """
    Take earlier runs of this deployment off the page, but for the last few: those that had nothing to start,
    and those that were left out because another one was at work.
    """
    if not deployment.id:
        return
    mine = FlowRunFilterDeploymentId(any_=[UUID(str(deployment.id))])
    quiet = FlowRunFilterState(name=FlowRunFilterStateName(any_=[QUIET]))
    cancelled = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.CANCELLED]))
    with suppress(Exception), _asking() as client:
        for state in (quiet, cancelled):
            over = client.read_flow_runs(
                flow_run_filter=FlowRunFilter(deployment_id=mine, state=state),
                sort=FlowRunSort.EXPECTED_START_TIME_DESC,
                offset=_QUIET_KEPT,
            )
            for run in over:
                if state is quiet or not run.run_count:
                    client.delete_flow_run(run.id)


def told(seen: list[SeenCard]) -> str:
    """The cards in one line for the page."""
    lines = [f"{card.name} at {card.mount_point}: {card.state.value}" for card in seen]
    return display("; ".join(lines)) or "No card is plugged in."


def is_quiet(seen: list[SeenCard]) -> bool:
    """Whether nothing was started, and nothing failed to be."""
    return not any(card.state in _TELLING for card in seen)


def _parameters(order: Order, catalog: str | None) -> dict[str, object]:
    options = order.options
    return {
        "source": str(options.source),
        "destinations": [str(path) for path in options.destinations],
        "layout": options.layout.value,
        "timezone": options.timezone or "",
        "excludes": list(options.excludes),
        "volumes": list(options.volumes),
        "catalog": str(local_path(catalog)),
    }


@contextmanager
def _asking() -> Iterator[SyncPrefectClient]:
    """A client that gives up on a server that hangs."""
    with (
        temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 1}),
        get_client(httpx_settings={"timeout": _ANSWER}, sync_client=True) as client,
    ):
        yield client


class _Log(Silent):
    """Writes what a person should know to the log of the run."""

    def note(self, sentence: str) -> None:
        """Write it down: a card that waits, or is not enabled, is for somebody to act on."""
        get_run_logger().warning("%s", sentence)


@contextmanager
def _telling_log() -> Iterator[None]:
    with reporting_to(_Log()):
        yield
