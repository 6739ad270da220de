"""Stage 2: which files could be something already held."""

from __future__ import annotations

from prefect import task

from cardcat.run import Run
from cardcat.stages.hashing import Known, hash_candidates
from cardcat.stages.scan import Listing
from tasks.policy import KEEP_NOTHING, RETRY_AFTER, is_worth_a_retry


@task(
    name="hash",
    task_run_name="hash what may be there already",
    retries=len(RETRY_AFTER),
    retry_delay_seconds=RETRY_AFTER,
    retry_condition_fn=is_worth_a_retry,
    **KEEP_NOTHING,
)
def hash_files(run: Run, listing: Listing) -> Known:
    """Fingerprint the candidates, and hash those whose fingerprint is known."""
    return hash_candidates(run, listing)
