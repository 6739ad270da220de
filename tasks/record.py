"""Stage 5: final names, and the catalog. One batch, one transaction, in the order of the batches."""

from __future__ import annotations

from prefect import task

from cardcat.run import Run
from cardcat.stages.copying import CopiedBatch
from cardcat.stages.settling import record_batch
from tasks.policy import KEEP_NOTHING


@task(name="record", task_run_name="record {label}", **KEEP_NOTHING)
def record(run: Run, copied: CopiedBatch, label: str) -> None:
    """Publish and record one batch. No retry: what is published and not recorded, the next run adopts."""
    del label  # for the name of the task run
    record_batch(run, copied)
