"""What all tasks have in common: the catalog remembers, so Prefect keeps no results and caches nothing."""

from __future__ import annotations

import errno
from typing import Any, TypeVar, cast

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.utilities.annotations import quote

from cardcat.errors import CatalogBusyError

T = TypeVar("T")

RETRY_AFTER = [2.0, 10.0, 30.0]  # seconds; a busy catalog is free again by then or will not be soon

_PASSING = {errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.ETIMEDOUT}  # a share or a drive that hiccups

KEEP_NOTHING: dict[str, Any] = {"cache_policy": NO_CACHE, "persist_result": False}


def whole(value: T) -> T:
    """Hand *value* to a task as it is: Prefect would look for futures in all of its parts otherwise."""
    return cast("T", quote(value))


def is_worth_a_retry(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Only what passes by itself: a catalog or a drive that is busy. No space, no card, bad input: never."""
    error = state.data if isinstance(state.data, Exception) else _raised(state)
    return isinstance(error, CatalogBusyError) or (isinstance(error, OSError) and error.errno in _PASSING)


def _raised(state: State[Any]) -> BaseException | None:
    try:
        found = state.result(raise_on_failure=False)
    except Exception as error:  # noqa: BLE001 - whatever the state holds is the answer
        return error
    return found if isinstance(found, BaseException) else None
