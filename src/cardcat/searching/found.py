"""What a search for equal files found."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Copy:
    """One file: the path that it was met by first, then its other names if it has hard links."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Files of *size* bytes that are equal, at least two. *hash* is of all bytes, in lower-case hex."""

    hash: str
    size: int
    copies: tuple[Copy, ...]

    @property
    def wasted(self) -> int:
        """Bytes of all copies but one."""
        return self.size * (len(self.copies) - 1)


@dataclass(frozen=True, slots=True)
class Unread:
    """What could not be looked at or read, or changed in between, and why."""

    path: str
    message: str


@dataclass(slots=True)
class Seen:
    """
    What there was: *files* names of *size* bytes in all, *links* of them further names of one file.

    *small*, *excluded* and *special* were counted and not looked at; *read* are bytes that were read.
    *destinations* are folders that cardcat backs up to.
    """

    files: int = 0
    size: int = 0
    links: int = 0
    small: int = 0
    excluded: int = 0
    special: int = 0
    read: int = 0
    destinations: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Found:
    """
    The groups, the largest waste first, and what stands beside them.

    *sure*: the hash is SHA-256, else XXH3-128.
    """

    groups: tuple[Group, ...]
    seen: Seen
    unread: tuple[Unread, ...]
    sure: bool

    @property
    def copies(self) -> int:
        """Files of all groups."""
        return sum(len(group.copies) for group in self.groups)

    @property
    def wasted(self) -> int:
        """Bytes that one copy of each group would save."""
        return sum(group.wasted for group in self.groups)
