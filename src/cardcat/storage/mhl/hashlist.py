"""One generation of a history, an `.mhl` file: written as a stream, and its head read again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cardcat.storage.mhl.xml import Reader, escaped, held

SPACE = "urn:ASC:MHL:v2.0"
IGNORED = (".DS_Store", "ascmhl", "ascmhl/", ".cardcat")
"""What the tools are to pass over: what they do by themselves, and our own folder."""

_MANIFEST = re.compile(r"\.cardcat/manifests/(SHA256SUMS-[\w.-]{1,200})")
_NS = 1_000_000_000
_MOST_PATTERNS = 1_000


@dataclass(frozen=True, slots=True)
class Heading:
    """
    What stands above the files: when they were listed (UTC seconds), on which computer, by which version.

    *manifest* names our own list of the same files, *ignored* are the patterns of what is no part of it.
    """

    created_at: int
    host: str
    version: str
    manifest: str
    ignored: tuple[str, ...] = IGNORED


@dataclass(frozen=True, slots=True)
class HashedFile:
    """
    A file with its hashes in lower-case hex. *path* is relative to the root, of characters that XML can hold.

    *size* is bytes, *mtime_ns* its modification time, *hashed_at* when it was hashed (UTC seconds).
    """

    path: str
    size: int
    mtime_ns: int
    xxh3: str
    sha256: str
    hashed_at: int | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """What the head of a generation tells: the patterns to ignore, and which manifest of ours it lists."""

    ignored: tuple[str, ...]
    manifest: str | None


def written(heading: Heading, files: Iterable[HashedFile]) -> Iterator[bytes]:
    """The `.mhl` file bit by bit; nothing but the file at hand is held in memory."""
    patterns = "".join(f"      <pattern>{escaped(held(each))}</pattern>\n" for each in heading.ignored)
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<hashlist version="2.0" xmlns="{SPACE}">\n'
        "  <creatorinfo>\n"
        f"    <creationdate>{_time(heading.created_at)}</creationdate>\n"
        f"    <hostname>{escaped(held(heading.host))}</hostname>\n"
        f'    <tool version="{escaped(heading.version)}">cardcat</tool>\n'
        f"    <comment>The same files, with SHA-256: .cardcat/manifests/{heading.manifest}</comment>\n"
        "  </creatorinfo>\n"
        "  <processinfo>\n"
        "    <process>transfer</process>\n"
        f"    <ignore>\n{patterns}    </ignore>\n"
        "  </processinfo>\n"
        "  <hashes>\n"
    )
    yield head.encode()
    for file in files:
        yield _hash(file).encode()
    yield b"  </hashes>\n</hashlist>\n"


def read_head(content: bytes) -> Head:
    """What stands in *content*, the beginning of an `.mhl` file. ValueError if its head does not."""
    collected = _Head()
    try:
        collected.feed(content)
    except _Enough:
        return Head(tuple(collected.ignored), collected.manifest)
    raise ValueError("its head has no end")


def _hash(file: HashedFile) -> str:
    modified, hashed = _time(file.mtime_ns // _NS), _time(file.hashed_at)
    return (
        "    <hash>\n"
        f'      <path size="{file.size}"{_attribute("lastmodificationdate", modified)}>'
        f"{escaped(file.path)}</path>\n"
        f'      <xxh128 action="original"{_attribute("hashdate", hashed)}>{file.xxh3}</xxh128>\n'
        f"      <metadata>\n        <sha256>{file.sha256}</sha256>\n      </metadata>\n"
        "    </hash>\n"
    )


def _attribute(name: str, value: str) -> str:
    return f' {name}="{value}"' if value else ""


def _time(seconds: int | None) -> str:
    """ISO 8601 with its distance from UTC; '' for a time that no calendar has."""
    if seconds is None:
        return ""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return ""


class _Enough(Exception):  # noqa: N818 - it ends the reading, and is no trouble
    """The head is read."""


class _Head(Reader):
    """Gathers what `read_head` tells, and stops where the files begin."""

    def __init__(self) -> None:
        super().__init__()
        self.ignored: list[str] = []
        self.manifest: str | None = None

    def began(self, space: str, attributes: Mapping[str, str]) -> None:  # noqa: ARG002 - only where it is
        if self.open[-1] == "hashes":
            raise _Enough

    def ended(self, name: str, text: str) -> None:
        if name == "pattern" and len(self.ignored) < _MOST_PATTERNS:
            self.ignored.append(text)
        elif name == "comment" and (found := _MANIFEST.search(text)):
            self.manifest = found[1]
        elif name in ("processinfo", "hashlist"):
            raise _Enough
