"""What is done for a run that was killed: it could not end its sessions itself."""

from __future__ import annotations

from typing import Any

from prefect import Flow, State
from prefect.client.schemas.objects import FlowRun

from cardcat.closing import close_lost_sessions


def close_sessions(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001
    """
    End the sessions of a run that crashed or was cancelled, if its process is gone.

    A hook: Prefect calls it by these names, for a worker's run in a process of its own.
    """
    catalog = flow_run.parameters.get("catalog") or None
    cancelled = state.is_cancelling() or state.is_cancelled()
    close_lost_sessions(catalog, flow_run_id=str(flow_run.id), cancelled=cancelled)
