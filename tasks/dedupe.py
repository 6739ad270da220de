"""Stage 3: what is copied where, and what is skipped."""

from __future__ import annotations

from prefect import task
from prefect.logging import get_run_logger

from cardcat.run import Run
from cardcat.stages.dedupe import Plan
from cardcat.stages.dedupe import dedupe as dedupe_stage
from cardcat.stages.hashing import Known
from cardcat.stages.scan import Listing
from cardcat.summary import plan_line
from tasks.policy import KEEP_NOTHING


@task(name="dedupe", task_run_name="decide what to copy", **KEEP_NOTHING)
def dedupe(run: Run, listing: Listing, known: Known) -> Plan:
    """Decide for every destination, write the journal, see that there is room."""
    plan = dedupe_stage(run, listing, known)
    work = plan.work
    get_run_logger().info(plan_line(listing.frame.height, work.height, int(work["size"].sum())))
    return plan
