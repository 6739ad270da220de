"""How much an index wants to know, and how it ended."""

from __future__ import annotations

from enum import StrEnum


class IndexMode(StrEnum):
    """What is taken into the catalog of each file."""

    DEEP = "deep"  # its bytes are hashed, and what they say of themselves is read
    CONTENT = "content"  # its bytes are hashed
    METADATA = "metadata"  # name, size and time; no file is opened

    @property
    def reads(self) -> bool:
        """Whether files are read."""
        return self is not IndexMode.METADATA


class ScanState(StrEnum):
    """How the last index of a location stands."""

    PENDING = "pending"
    SCANNING = "scanning"
    COMPLETE = "complete"
    PAUSED = "paused"  # stopped before its end: the next one goes on
    ERROR = "error"
