"""Stage 4: read once, write everywhere, read back. A task run is a batch."""

from __future__ import annotations

from prefect import task
from prefect.logging import get_run_logger

from cardcat.run import Run
from cardcat.stages.batches import Batch
from cardcat.stages.copying import CopiedBatch, copy_batch
from cardcat.summary import batch_line
from tasks.policy import KEEP_NOTHING, RETRY_AFTER, is_worth_a_retry


@task(
    name="copy",
    task_run_name="copy {label}",
    retries=len(RETRY_AFTER),
    retry_delay_seconds=RETRY_AFTER,
    retry_condition_fn=is_worth_a_retry,
    **KEEP_NOTHING,
)
def copy(run: Run, batch: Batch, label: str) -> CopiedBatch:
    """Copy and prove the files of one batch; doing it again begins the batch anew and loses nothing."""
    copied = copy_batch(run, batch)
    size = sum(file.hashes.size for file in copied.copied)
    get_run_logger().info(batch_line(label, len(copied.copied), size, copied.seconds))
    return copied
