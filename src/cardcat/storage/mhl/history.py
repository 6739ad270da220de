"""The history in a destination's root: what is there, and what of the manifests it does not tell yet."""

from __future__ import annotations

import hashlib
import re
import stat
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cardcat.storage.disk import Disk
from cardcat.storage.manifest import manifest_time
from cardcat.storage.mhl.c4 import c4_id
from cardcat.storage.mhl.chain import CHAIN, LARGEST, Link, read_chain
from cardcat.storage.mhl.hashlist import Head, read_head
from cardcat.storage.mhl.xml import Reader
from cardcat.storage.reading import BLOCK, blocks, opened, thread_buffer

FOLDER = "ascmhl"
GENERATION = ".mhl"

_HEAD = 1 << 18  # bytes that the head of a generation is looked for in
_RECENT = 16  # seconds with manifests whose generations are looked into
_NAME = re.compile(r"(\d{4,9})(?:_(.*))?\.mhl", re.DOTALL)
_STAMP = re.compile(r"_(\d{4}-\d\d-\d\d_\d{6}Z)\.mhl$")


class UnfitError(Exception):
    """What stands in the history's place can't be continued; the message says what it is."""


class BusyError(UnfitError):
    """Somebody else was at it just now; the next run finds it as it will be then."""


@dataclass(slots=True)
class History:
    """
    A history as it stands. *chain* are the bytes of its chain file, None if there is none yet.

    *names* are its generations by number, *manifests* the manifest that each lists which was looked into,
    None if it lists none of ours.
    """

    folder: Path
    is_there: bool = False
    chain: bytes | None = None
    links: list[Link] = field(default_factory=list)
    names: list[tuple[int, str]] = field(default_factory=list)
    manifests: dict[str, str | None] = field(default_factory=dict)

    @property
    def next_number(self) -> int:
        """The number of the next generation."""
        return 1 + max([0, *(number for number, _ in self.names), *(link.number for link in self.links)])


def look(disk: Disk, root: Path) -> History:
    """The history in *root*. UnfitError if it can't be continued; OSError if the drive fails."""
    history = History(root / FOLDER)
    if not disk.exists(history.folder):
        return history
    if not stat.S_ISDIR(disk.stat(history.folder).st_mode):
        raise UnfitError("is a file or a link")
    history.is_there = True
    found = ((_NAME.fullmatch(name), name) for name in disk.list_folder(history.folder))
    history.names = sorted((int(match[1]), name) for match, name in found if match)
    path = history.folder / CHAIN
    if disk.exists(path):
        history.chain = _chain(disk, path)
        try:
            history.links = read_chain(history.chain)
        except ValueError as error:
            raise UnfitError(f"has a chain file that can't be continued: {error}") from error
    return history


def stamp_of(moment: datetime) -> str:
    """How the name of a generation says when it was made."""
    return moment.strftime("%Y-%m-%d_%H%M%SZ")


def chain_now(disk: Disk, history: History) -> bytes | None:
    """The bytes of its chain file at this moment, None if there is none."""
    path = history.folder / CHAIN
    return _chain(disk, path) if disk.exists(path) else None


def untold(disk: Disk, history: History, manifests: Sequence[str]) -> list[str]:
    """Those of *manifests* (names) that no generation of the history lists, oldest first."""
    by_time: dict[str, list[str]] = defaultdict(list)
    for name in sorted(manifests):
        if moment := manifest_time(name):
            by_time[stamp_of(moment)].append(name)
    generations: dict[str, list[str]] = defaultdict(list)
    for _, name in history.names:
        if stamp := _STAMP.search(name):
            generations[stamp[1]].append(name)
    recent = set(sorted(by_time)[-_RECENT:])
    return [
        name
        for time, names in sorted(by_time.items())
        for name in _not_among(disk, history, names, generations[time], is_recent=time in recent)
    ]


def loose(disk: Disk, history: History, manifests: Sequence[str]) -> list[Link]:
    """
    The generations that list manifests of ours and are not in the chain: a kill came between the two.

    UnfitError if there are others, and no chain at all: what should tell of them is lost.
    """
    known, ours = {link.name for link in history.links}, set(manifests)
    found = []
    for number, name in history.names:
        if name in known:
            continue
        c4 = _whole(disk, history.folder / name) if listed_in(disk, history, name) in ours else None
        if c4 is not None:
            found.append(Link(number, name, c4))
        elif history.chain is None:
            raise UnfitError(f"has generations but no {CHAIN}")
    return found


def listed_in(disk: Disk, history: History, name: str) -> str | None:
    """The manifest that a generation lists; None if it is damaged, no file, or somebody else's."""
    if name not in history.manifests:
        head = _head(disk, history, name)
        history.manifests[name] = head.manifest if head else None
    return history.manifests[name]


def ignored_by(disk: Disk, history: History) -> tuple[str, ...]:
    """The patterns of its last generation, which the next one takes over; the tools look only there."""
    head = _head(disk, history, history.names[-1][1]) if history.names else None
    return head.ignored if head else ()


def _head(disk: Disk, history: History, name: str) -> Head | None:
    try:
        return read_head(_beginning(disk, history.folder / name, _HEAD))
    except (ValueError, OSError):
        return None


def _not_among(
    disk: Disk, history: History, manifests: Sequence[str], generations: Sequence[str], *, is_recent: bool
) -> Sequence[str]:
    """
    Those manifests of a second that none of its generations lists, as their heads tell.

    One of each from long ago belong together: not all files of a long history are opened at every run.
    """
    if not is_recent and len(manifests) == 1 and len(generations) == 1:
        return ()
    told = {listed_in(disk, history, name) for name in generations}
    return [name for name in manifests if name not in told]


def _chain(disk: Disk, path: Path) -> bytes:
    if not stat.S_ISREG(disk.stat(path).st_mode):
        raise UnfitError(f"has a {CHAIN} that is no file")
    content = _beginning(disk, path, LARGEST + 1)
    if len(content) > LARGEST:
        raise UnfitError(f"has a {CHAIN} of more than {LARGEST >> 20} MiB")
    return content


def _beginning(disk: Disk, path: Path, most: int) -> bytes:
    content = bytearray()
    with opened(disk, path, source=False) as fd:
        while size := disk.read_into(fd, thread_buffer()[: min(BLOCK, most - len(content))]):
            content += thread_buffer()[:size]
    return bytes(content)


def _whole(disk: Disk, path: Path) -> str | None:
    """The C4 id of a generation that is there to its end; None if it is not."""
    reader, sha512 = Reader(), hashlib.sha512()
    try:
        with opened(disk, path, source=False) as fd:
            for block in blocks(disk, fd):
                sha512.update(block)
                reader.feed(block)
        reader.feed(b"", is_last=True)
    except (ValueError, OSError):
        return None
    return c4_id(sha512.digest())
