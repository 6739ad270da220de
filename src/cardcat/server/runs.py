"""
The runs on the page: whose they are, which of them nobody works on any more, which one is to be cancelled.

All by plain HTTP: nothing here imports Prefect, and none of it raises or waits for long.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from cardcat.owner import is_alive, is_elsewhere, owner_stamp
from cardcat.server import asking
from cardcat.server.deploying import POOL

OWNER: Final = "cardcat.owner"
"""The label that holds the stamp of the process that works on a run, see `cardcat.owner`."""

ATTEMPT: Final = "cardcat.attempt"
"""The label that says which attempt that process works on: a retry has not stamped its own yet."""

GONE: Final = "The process of this run is gone."

_WORKING = ("RUNNING", "CANCELLING")
_PAGE = 200  # runs that a server tells of at once
_MOST_PAGES = 50
_EVERY = 2.0  # seconds between two looks at a run


@dataclass(frozen=True, slots=True)
class Lost:
    """A run that nobody works on any more. *parameters* are those it was started with."""

    id: str
    cancelling: bool
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended: the state that it gets on the page."""

    type: str
    message: str


def labels(attempt: int = 1) -> dict[str, bool | int | float | str]:
    """What says on the page that this process works on that *attempt* at a run."""
    return {OWNER: owner_stamp(), ATTEMPT: attempt}


def stamp_owner(flow_run_id: str, attempt: int = 1, api_url: str | None = None) -> bool:
    """
    Write on the run that this process works on it; whether the server took it.

    Call it first in a flow, with the run's `run_count`: a run whose process is gone is found by it.
    """
    url = api_url or _used()
    return bool(url and asking.ask(url, f"/flow_runs/{flow_run_id}/labels", labels(attempt), method="PATCH"))


def reap_runs(
    api_url: str | None = None,
    *,
    ended: Callable[[Lost], Ending | None] = lambda _: None,
    all_lost: bool = False,
) -> list[str]:
    """
    End the runs whose process is gone, and return their ids.

    A run is Crashed, or ends as *ended* knows that its work did. *all_lost*: no worker of this server is
    left, so that runs which one had begun are lost too. Runs of another computer are left alone.
    """
    url = api_url or _used()
    if not url:
        return []
    found = [_lost(run, all_lost=all_lost) for run in _runs(url, ("PENDING", *_WORKING))]
    return [lost.id for lost in found if lost and end_run(lost.id, ended(lost) or _crashed(), url)]


def end_run(flow_run_id: str, ending: Ending, api_url: str | None = None) -> bool:
    """Give the run its last state, whatever it has; whether the server took it."""
    url = api_url or _used()
    order = {"state": {"type": ending.type, "message": ending.message}, "force": True}
    answer = asking.ask(url, f"/flow_runs/{flow_run_id}/set_state", order) if url else None
    return isinstance(answer, dict) and answer.get("status") == "ACCEPT"


def is_cancelled(flow_run_id: str, api_url: str | None = None) -> bool:
    """Whether somebody has cancelled the run on the page."""
    url = api_url or _used()
    run = asking.ask(url, f"/flow_runs/{flow_run_id}") if url else None
    return isinstance(run, dict) and run.get("state_type") in ("CANCELLING", "CANCELLED")


@dataclass(slots=True)
class Watch:
    """What a look at the run tells: when the server answered last, on the clock of `time.monotonic`."""

    answered: float

    @property
    def silence(self) -> float:
        """Seconds since the last answer."""
        return time.monotonic() - self.answered


@contextmanager
def watching(flow_run_id: str, cancel: Callable[[], None], api_url: str | None = None) -> Iterator[Watch]:
    """Look at the run every two seconds, and call *cancel* once when somebody cancels it on the page."""
    done = threading.Event()
    watch = Watch(time.monotonic())
    arguments = (api_url or _used(), flow_run_id, cancel, watch, done)
    threading.Thread(target=_look, args=arguments, name="cancelling", daemon=True).start()
    try:
        yield watch
    finally:
        done.set()


def _look(url: str | None, flow_run_id: str, cancel: Callable[[], None], watch: Watch, done: Any) -> None:
    cancelled = False
    while url and not done.wait(_EVERY):
        run = asking.ask(url, f"/flow_runs/{flow_run_id}")
        if not isinstance(run, dict):
            continue
        watch.answered = time.monotonic()
        if not cancelled and run.get("state_type") in ("CANCELLING", "CANCELLED") and not done.is_set():
            cancelled = True
            cancel()


def _used() -> str | None:
    """The server that this process is a client of."""
    return os.environ.get("PREFECT_API_URL")


def _crashed() -> Ending:
    return Ending("CRASHED", GONE)


def _runs(url: str, types: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The runs in such states; those that are ended meanwhile are gone from the pages that follow."""
    wanted = {"state": {"type": {"any_": list(types)}}}
    found: dict[str, dict[str, Any]] = {}
    for page in range(_MOST_PAGES):
        order = {"flow_runs": wanted, "limit": _PAGE, "offset": page * _PAGE, "sort": "START_TIME_ASC"}
        some = asking.ask(url, "/flow_runs/filter", order)
        if not isinstance(some, list):
            break
        found |= {run["id"]: run for run in some if isinstance(run, dict) and "id" in run}
        if len(some) < _PAGE:
            break
    yield from found.values()


def _lost(run: Mapping[str, Any], *, all_lost: bool) -> Lost | None:
    """The run, if nobody works on it."""
    its_labels = run.get("labels") or {}
    stamp, attempt = its_labels.get(OWNER), its_labels.get(ATTEMPT)
    is_working = run.get("state_type") in _WORKING
    if isinstance(stamp, str) and isinstance(attempt, int) and attempt >= (run.get("run_count") or 0):
        # A run that is to be tried again has the stamp of the last attempt, until its worker starts it.
        lost = (is_working or all_lost) and not is_alive(stamp)
    else:
        lost = (
            all_lost
            and run.get("work_pool_name") == POOL
            and not (isinstance(stamp, str) and is_elsewhere(stamp))
        )
    if not lost:
        return None
    return Lost(run["id"], run.get("state_type") == "CANCELLING", run.get("parameters") or {})
