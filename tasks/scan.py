"""Stage 1: what is on the card."""

from __future__ import annotations

from prefect import task
from prefect.logging import get_run_logger

from cardcat.run import Run
from cardcat.stages.scan import Listing
from cardcat.stages.scan import scan as scan_stage
from cardcat.summary import scan_line
from tasks.policy import KEEP_NOTHING


@task(name="scan", task_run_name="scan {card}", **KEEP_NOTHING)
def scan(run: Run, card: str) -> Listing:
    """List every file of the source and open its sessions."""
    listing = scan_stage(run)
    size = int(listing.frame["size"].sum())
    get_run_logger().info(scan_line(card, run.scanned, size, ignored=run.ignored, excluded=run.excluded))
    return listing
