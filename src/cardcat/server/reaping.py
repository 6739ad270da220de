"""
End what nobody works on any more, on the page as in the catalog: `python -m cardcat.server.reaping`.

The supervisor runs it in a process of its own, so that it stays small itself.
"""

from __future__ import annotations

import sys
from contextlib import suppress

from cardcat.server import runs
from cardcat.server.runs import GONE, Ending, Lost

_LATEST = 500  # sessions among which those of a lost run are looked for


def reap(api_url: str | None = None, *, all_lost: bool = False) -> list[str]:
    """
    End the runs of the server whose process is gone, with their sessions; return the ids of the runs.

    A run ends as its sessions did: what was completed and could not be reported is Completed, what was to be
    cancelled is Cancelled, all else is Crashed. Never raises. *all_lost* as for `runs.reap_runs`.
    """
    return runs.reap_runs(api_url, ended=_as_its_sessions, all_lost=all_lost)


def _as_its_sessions(lost: Lost) -> Ending | None:
    """
    How the sessions of the run ended; those that were not are ended now.

    None if it has none. All done for fewer drives than it was for is no success: one of them was not reached.
    """
    from cardcat.catalog.engine import open_catalog  # noqa: PLC0415 - most times nothing is lost
    from cardcat.catalog.session_rows import list_sessions  # noqa: PLC0415
    from cardcat.closing import close_lost_sessions  # noqa: PLC0415
    from cardcat.errors import CardcatError  # noqa: PLC0415
    from cardcat.model import SessionStatus  # noqa: PLC0415

    with suppress(CardcatError, OSError):
        catalog = str(lost.parameters.get("catalog") or "") or None
        close_lost_sessions(catalog, flow_run_id=lost.id, cancelled=lost.cancelling)
        with open_catalog(catalog, create=False) as opened, opened.read() as c:
            found = [row.status for row in list_sessions(c, _LATEST) if row.flow_run_id == lost.id]
        ended, drives = set(found), len(lost.parameters.get("destinations") or ())
        if ended == {SessionStatus.COMPLETED}:
            if len(found) < drives:
                return None
            return Ending("COMPLETED", f"{GONE} Its work is done and recorded.")
        if ended and ended <= {SessionStatus.COMPLETED, SessionStatus.CANCELLED}:
            return Ending("CANCELLED", GONE)
    return None


if __name__ == "__main__":
    reap(all_lost="--all" in sys.argv[1:])
