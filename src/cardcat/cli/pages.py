"""Where the Prefect page shows what a command did."""

from __future__ import annotations


def run_page(flow_run_id: str | None) -> str | None:
    """The address of the run's page, None if it ran without one."""
    if flow_run_id is None:
        return None
    from cardcat.server import status

    address = status().ui_url
    return f"{address}/runs/flow-run/{flow_run_id}" if address else None
