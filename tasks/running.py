"""How a flow begins, and how it and its tasks end where something is wrong: in words, not a traceback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from prefect import State
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Cancelled, Failed

from cardcat import stopping
from cardcat.errors import CancelledError, CardcatError
from cardcat.paths import display
from cardcat.server import runs

T = TypeVar("T")


def begin() -> None:
    """Listen to who wants to stop the run, and write on it whose it is: it is found if it is killed."""
    stopping.install()
    if flow_run.id:
        runs.stamp_owner(str(flow_run.id), flow_run.run_count or 1)


def calmly(work: Callable[[], T]) -> T | State[Any]:
    """
    What *work* returns; where it raises a `CardcatError`, the state that the task ends in.

    A task that ends so because the catalog is busy is tried again by the rule of its policy.
    """
    try:
        return work()
    except CardcatError as error:
        return _ended(error)


def got(outcome: T | State[Any]) -> T:
    """What a task returned; raises what it ended with."""
    if isinstance(outcome, State):
        error = outcome.result(raise_on_failure=False)
        raise (
            error if isinstance(error, CardcatError) else CardcatError(outcome.message or "The task failed.")
        )
    return outcome


def refused(error: CardcatError) -> State[Any]:
    """What ended a flow: red, or cancelled; its log says what a person can do."""
    log = get_run_logger()
    log.warning("%s", display(error.message))
    if error.hint:
        log.warning("What to do: %s", display(error.hint))
    return _ended(error)


def _ended(error: CardcatError) -> State[Any]:
    state = Cancelled if isinstance(error, CancelledError) else Failed
    return state(message=error.message, data=error)
