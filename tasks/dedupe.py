"""Stage 3: what is copied where, and what is skipped."""

from __future__ import annotations

from prefect import task

from cardcat.run import Run
from cardcat.stages.dedupe import Plan
from cardcat.stages.dedupe import dedupe as dedupe_stage
from cardcat.stages.hashing import Known
from cardcat.stages.scan import Listing
from tasks.policy import KEEP_NOTHING


@task(name="dedupe", task_run_name="decide what to copy", tags=["cardcat"], **KEEP_NOTHING)
def dedupe(run: Run, listing: Listing, known: Known) -> Plan:
    """Decide for every destination, write the journal, see that there is room."""
    return dedupe_stage(run, listing, known)
