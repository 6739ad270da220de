"""How tasks end where something is wrong that a user is told of: by the states alone, without a server."""

from __future__ import annotations

import pytest
from prefect import State
from prefect.client.schemas.objects import StateType
from prefect.results import ResultRecord, ResultRecordMetadata  # type: ignore[attr-defined]
from prefect.serializers import PickleSerializer

from cardcat.errors import CancelledError, CardcatError, CatalogBusyError, UsageError
from tasks.policy import is_worth_a_retry
from tasks.running import calmly, got


def raising(error: CardcatError) -> object:
    def work() -> None:
        raise error

    return calmly(work)


def test_what_is_returned_comes_through() -> None:
    assert got(calmly(lambda: 5)) == 5
    assert got(calmly(lambda: None)) is None


@pytest.mark.parametrize(
    ("error", "type_"),
    [
        (UsageError("No.", hint="Say yes."), StateType.FAILED),
        (CatalogBusyError("In use.", hint="Wait."), StateType.FAILED),
        (CancelledError("Stopped."), StateType.CANCELLED),
    ],
)
def test_an_error_is_a_state_and_an_error_again_hint_and_all(error: CardcatError, type_: StateType) -> None:
    state = raising(error)
    assert isinstance(state, State)
    assert (state.type, state.message) == (type_, error.message)
    with pytest.raises(type(error)) as told:
        got(state)
    assert told.value.hint == error.hint


def test_an_error_that_prefect_has_put_into_a_record_is_found_again() -> None:
    """As it does with the state that a task returns."""
    state = raising(UsageError("No.", hint="Say yes."))
    assert isinstance(state, State)
    metadata = ResultRecordMetadata(storage_key="x", serializer=PickleSerializer())
    state.data = ResultRecord(result=state.data, metadata=metadata)
    with pytest.raises(UsageError) as told:
        got(state)
    assert told.value.hint == "Say yes."


def test_only_a_busy_catalog_is_worth_another_try() -> None:
    busy, wrong = raising(CatalogBusyError("In use.")), raising(UsageError("No."))
    assert is_worth_a_retry(None, None, busy)  # type: ignore[arg-type]
    assert not is_worth_a_retry(None, None, wrong)  # type: ignore[arg-type]
