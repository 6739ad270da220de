"""Small pictures of many photos, made where a hostile one can do no harm."""

from __future__ import annotations

from collections.abc import Sequence

from cardcat.media.pool import WorkerPool
from cardcat.media.process import WorkerLostError, worker_command
from cardcat.media.protocol import Limits, unpack_picture

LIMITS = Limits(seconds=10.0, memory=256 << 20)


class ThumbnailPool(WorkerPool[bytes | None]):
    """Worker processes that make thumbnails; None for what none can be made of."""

    def __init__(self, workers: int | None = None, limits: Limits = LIMITS) -> None:
        super().__init__(workers, limits)

    def command(self) -> Sequence[str]:
        """The command line of a worker."""
        return worker_command(self._limits, "cardcat.media.thumbnails")

    def unpack(self, line: bytes) -> bytes | None:
        """The JPEG that a worker wrote."""
        return unpack_picture(line)

    def lost(self, cause: WorkerLostError) -> bytes | None:  # noqa: ARG002 - a picture less is no trouble
        """Nothing."""
        return None
