"""An index that is killed as it is about to open a file: `python dying.py CATALOG FOLDER NAME`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from cardcat.indexing import index
from cardcat.plan import index_batches
from cardcat.storage.disk import Disk, StrPath


class Dying(Disk):
    def open_source(self, path: StrPath) -> int:
        if Path(path).name == sys.argv[3]:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().open_source(path)


if __name__ == "__main__":
    index_batches.portions.__defaults__ = (2, 1_000_000)
    index([Path(sys.argv[2])], catalog=sys.argv[1], disk=Dying())
