"""The work as batches, and a batch as plain rows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from cardcat.model import Kind, Stage
from cardcat.plan.batches import cut
from cardcat.plan.dedupe import Do
from cardcat.run import Run
from cardcat.stages.dedupe import Plan
from cardcat.stages.files import PlannedFile


@dataclass(frozen=True, slots=True)
class Batch:
    """A share of the work: whole groups. *frame* is a slice of the plan's frame."""

    plan: Plan
    frame: pl.DataFrame
    number: int
    total: int

    @property
    def name(self) -> str:
        """What people see: `3 of 80`."""
        return f"{self.number} of {self.total}"

    @property
    def files(self) -> list[PlannedFile]:
        """The rows as objects; made when they are needed, so that only batches in flight cost memory."""
        numbers = [int(name[3:]) for name in self.frame.columns if name.startswith("do_")]
        return [_planned(row, numbers) for row in self.frame.iter_rows(named=True)]


def rounds(run: Run, plan: Plan) -> Iterator[list[Batch]]:
    """
    Yield the batches to do. A second round has the files whose twin was recorded after them, a third those
    that turned out to have none; each is only known when the round before has been recorded.
    """
    work = plan.work
    run.metadata.start(int(work["kind"].is_in([kind for kind in Kind if kind.is_media]).sum()))
    run.reporter.begin(Stage.COPY, files=work.height, size=int(work["size"].sum()))
    yield _batches(plan, work)
    for then in (Do.WAIT, Do.COPY):
        if run.leftover:
            left = work.filter(pl.col("item").is_in(run.leftover)).with_columns(_only_waiting(work, then))
            run.leftover.clear()
            yield _batches(plan, left)


def _only_waiting(work: pl.DataFrame, then: Do) -> list[pl.Expr]:
    """Turn each decision to wait into *then*, and everything else, which is done by now, into nothing."""
    return [
        pl.when(pl.col(name) == Do.WAIT)
        .then(then.value)
        .otherwise(Do.NOTHING.value)
        .cast(pl.UInt8)
        .alias(name)
        for name in work.columns
        if name.startswith("do_")
    ]


def _batches(plan: Plan, work: pl.DataFrame) -> list[Batch]:
    slices = list(cut(work))
    return [Batch(plan, frame, number, len(slices)) for number, frame in enumerate(slices, start=1)]


def _planned(row: dict[str, object], numbers: list[int]) -> PlannedFile:
    path, kind, hash_ = row["path"], row["kind"], row["hash"]
    assert isinstance(path, bytes)
    return PlannedFile(
        item=_int(row["item"]),
        path=os.fsdecode(path),
        size=_int(row["size"]),
        mtime_ns=_int(row["mtime_ns"]),
        group=_int(row["group"]),
        structure=_int(row["structure"]),
        kind=Kind(str(kind)),
        hash=None if hash_ is None else str(hash_),
        do={number: _int(row[f"do_{number}"]) for number in numbers},
    )


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
