"""Look for cards that were plugged in, and start a backup of each that is enabled."""

from __future__ import annotations

from typing import Any

from prefect import State, flow
from prefect.states import Completed, Failed

from cardcat.errors import CancelledError, CardcatError
from cardcat.inserted import CardState
from tasks import form
from tasks.running import begin, refused
from tasks.watch import QUIET, forget_quiet_runs, is_quiet, look_for_cards, told


@flow(name="watch", flow_run_name="look for cards", persist_result=False)
def watch(catalog: form.Catalog = "") -> State[Any]:
    """
    Start the backup of every enabled card that was plugged in or filled since the last look.

    Enable one with `cardcat watch enable CARD DEST`. Each backup is a run of its own.
    """
    begin()
    try:
        seen = look_for_cards(catalog or None)
    except CardcatError as error:
        return refused(error)
    except KeyboardInterrupt:
        return refused(CancelledError("The look was stopped at once; what was started goes on."))
    if is_quiet(seen):
        forget_quiet_runs()
        return Completed(name=QUIET, message=told(seen))
    failed = any(card.state in (CardState.FAILED, CardState.NOT_NOW) for card in seen)
    return Failed(message=told(seen)) if failed else Completed(message=told(seen))
