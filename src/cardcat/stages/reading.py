"""Reading files of the card before they are copied: a fingerprint, or all of their bytes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import PurePath
from typing import TypeVar

import polars as pl

from cardcat.media.kind import kind_of
from cardcat.parallel import in_parallel
from cardcat.run import Run
from cardcat.storage.hashing import fingerprint, hash_file, sampled_bytes
from cardcat.storage.reading import Expected

T = TypeVar("T")


def sample_files(run: Run, files: pl.DataFrame) -> pl.DataFrame:
    """Those of *files* (columns as below) that can be read, with the fingerprint of each as `sample`."""

    def one(row: tuple[int, bytes, int, int]) -> tuple[int, str] | None:
        item, path, size, _ = row
        source = run.source_path(os.fsdecode(path))
        sample = _read(run, lambda: fingerprint(run.disk, source, size, source=True))
        run.read_from_source(sampled_bytes(size))
        return None if sample is None else (item, sample)

    found = [row for row in in_parallel(run.threads, one, files.rows()) if row is not None]
    samples = pl.DataFrame(found, schema={"item": pl.UInt32, "sample": pl.String}, orient="row")
    return files.join(samples, on="item")


def hash_files(run: Run, files: pl.DataFrame) -> pl.DataFrame:
    """
    Read all of *files* (`item`, `path`, `size`, `mtime_ns`) and return `item`, `hash` and `kind` of each.

    One that can't be read now, or is not the one that was scanned, is left out.
    """

    def one(row: tuple[int, bytes, int, int]) -> tuple[int, str, str] | None:
        item, path, size, mtime_ns = row
        name = os.fsdecode(path)
        found = _read(
            run,
            lambda: hash_file(
                run.disk,
                run.source_path(name),
                source=True,
                expected=Expected(size, mtime_ns),
                on_bytes=run.read_from_source,
            ),
        )
        run.reporter.advance(files=1, size=size)
        if found is None:
            return None
        return item, found.sha256, kind_of(found.head, PurePath(name).name).value

    hashed = [row for row in in_parallel(run.threads, one, files.rows()) if row is not None]
    schema = {"item": pl.UInt32, "hash": pl.String, "kind": pl.String}
    return pl.DataFrame(hashed, schema=schema, orient="row")


def _read(run: Run, read: Callable[[], T]) -> T | None:
    """Do it; a file that can't be read now will say so when it is to be copied."""
    run.check_running()
    try:
        return read()
    except OSError:
        run.check_source()
        return None
