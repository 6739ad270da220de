"""What a person sees while a command works on a large catalog."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cardcat.cli import output


@contextmanager
def waiting(what: str, catalog: Path) -> Iterator[None]:
    """
    Show on standard error what is done, and for how long, until the block ends.

    Nothing is shown where nobody watches, and of a small *catalog*: that is done before anybody wonders.
    """
    from cardcat.catalog import looks

    if not is_watched() or looks.size(catalog) <= looks.LARGE:
        yield
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
    with Progress(*columns, console=output.stderr(), transient=True) as progress:
        progress.add_task(what)
        yield


def is_watched() -> bool:
    """Whether a person sees what is shown on standard error while it changes."""
    return sys.stderr.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")
