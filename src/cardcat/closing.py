"""Sessions whose process is gone: ended by somebody else, because it could not do that itself."""

from __future__ import annotations

from cardcat.catalog.engine import local_path, open_catalog
from cardcat.catalog.sessions import reap_dead
from cardcat.owner import is_alive
from cardcat.run import now


def close_lost_sessions(
    catalog: str | None = None, *, flow_run_id: str | None = None, cancelled: bool = False
) -> list[int]:
    """
    End the sessions that nobody works on any more, and return their ids. CatalogError if it can't be said.

    They are `failed`; those of the Prefect run *flow_run_id* are `cancelled` where that was *cancelled*.
    """
    if not local_path(catalog).exists():
        return []
    with open_catalog(catalog, create=False) as opened, opened.write() as c:
        return reap_dead(c, is_alive, now(), cancelled_run=flow_run_id if cancelled else None)
