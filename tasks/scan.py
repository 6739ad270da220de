"""Stage 1: what is on the card."""

from __future__ import annotations

from prefect import task

from cardcat.run import Run
from cardcat.stages.scan import Listing
from cardcat.stages.scan import scan as scan_stage
from tasks.policy import KEEP_NOTHING


@task(name="scan", task_run_name="scan {card}", tags=["cardcat"], **KEEP_NOTHING)
def scan(run: Run, card: str) -> Listing:
    """List every file of the source and open its sessions."""
    del card  # for the name of the task run
    return scan_stage(run)
