"""One index a location at a time: whose it is stands in the catalog, and how it ended."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from cardcat.catalog.indexing import begin_index, end_index, is_settled, owner_of
from cardcat.errors import CancelledError, CardcatError, CatalogError
from cardcat.indexing.job import Run, now
from cardcat.indexing.places import Place
from cardcat.inputs import show
from cardcat.owner import is_alive, owner_stamp
from cardcat.plan.index_modes import ScanState


@contextmanager
def claimed(run: Run, place: Place) -> Iterator[bool]:
    """
    Hold the location for this index alone; whatever ends it, the catalog says truly how it stands.

    Yields whether the index before this one came to its end. CardcatError if another process is at it.
    """
    location_id = place.location_id
    assert location_id is not None
    owner = json.dumps(json.loads(owner_stamp()) | {"index": str(uuid.uuid4())})
    with run.writing.write() as c:
        other = owner_of(c, location_id)
        if other is not None and is_alive(other):
            raise CardcatError(
                f"{show(place.root)} is being indexed by another cardcat now. Nothing was changed.",
                hint="Wait until it is done, or stop it; then give the same command again.",
            )
        was_settled = is_settled(c, location_id)
        begin_index(c, location_id, place.order, owner=owner, flow_run_id=run.flow_run_id, now=now())
    try:
        yield was_settled
    except BaseException as error:
        with suppress(CatalogError):  # the error at hand says more; the next start finds it without an owner
            _end(run, location_id, owner, *_standing(error))
        raise
    _end(run, location_id, owner, ScanState.COMPLETE, None)


def _end(run: Run, location_id: int, owner: str, state: ScanState, message: str | None) -> None:
    with run.writing.write() as c:
        end_index(c, location_id, state, owner=owner, message=message, now=now())


def _standing(error: BaseException) -> tuple[ScanState, str]:
    if isinstance(error, CancelledError | KeyboardInterrupt):
        return ScanState.PAUSED, "stopped before its end"
    message = error.message if isinstance(error, CardcatError) else f"{type(error).__name__}: {error}"
    return ScanState.ERROR, message
