"""
cardcat's command line without the read-back: what `benchmarks.unproved` measures, and nothing else may run.

The program has no such option and is to get none. A copy that was made in this way is on record as written.
"""

from __future__ import annotations

import sys

from cardcat.cli.main import run
from cardcat.model import ReadBack
from cardcat.run import Destination, Run
from cardcat.stages import copying
from cardcat.stages.files import CopiedFile


def without_reading_back() -> None:
    """Do what the command line says, and prove no copy."""
    if not hasattr(copying, "_read_back"):
        sys.exit("cardcat.stages.copying reads copies back in another place now: nothing to leave out")
    copying._read_back = _only_written  # noqa: SLF001 - what no user can do
    run()


def _only_written(run: Run, destination: Destination, file: CopiedFile) -> ReadBack:
    del run  # as it is called, not as it is needed
    return file.proofs[destination.number]  # what the writing left: that, and no more
