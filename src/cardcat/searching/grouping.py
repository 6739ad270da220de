"""Which files may still be equal: pure decisions over columns."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, zip_longest

from cardcat.storage.quick.columns import Files

Links = Mapping[int, list[int]]
"""Further names of a file that has hard links, by its number."""


def same_sizes(files: Files) -> tuple[array[int], dict[int, list[int]]]:
    """
    The files that have a size in common with another one, in the order in which disks like to be asked.

    Of the names of one inode the first is taken; the others are told apart.
    """
    common = _common(files.sizes, range(len(files)))
    devices, inodes = files.devices, files.inodes
    if len(set(devices)) > 1:
        common.sort(key=lambda file: (devices[file], inodes[file]))
    else:
        common.sort(key=inodes.__getitem__)
    links: dict[int, list[int]] = {}
    kept: list[int] = []
    for file in common:
        first = kept[-1] if kept else None
        if first is not None and inodes[file] == inodes[first] and devices[file] == devices[first]:
            links.setdefault(first, []).append(file)
        else:
            kept.append(file)
    return array("Q", _common(files.sizes, kept) if links else kept), links


def _common(sizes: array[int], among: range | list[int]) -> list[int]:
    counts = Counter(sizes if isinstance(among, range) else map(sizes.__getitem__, among))
    return [file for file in among if counts[sizes[file]] > 1]


def alike(files: Files, order: Iterable[int], digests: Sequence[bytes]) -> Iterator[tuple[bytes, list[int]]]:
    """The files of one size and digest, two or more; those without a digest are none."""
    counts = Counter(digests)
    by_digest: defaultdict[tuple[int, bytes], list[int]] = defaultdict(list)
    sizes = files.sizes
    for file, digest in zip(order, digests, strict=True):
        if counts[digest] > 1:
            by_digest[sizes[file], digest].append(file)
    for (_, digest), members in by_digest.items():
        if len(members) > 1 and any(digest):
            yield digest, members


def shared_out(files: Files, order: array[int], length: int) -> list[range]:
    """*order* in runs of about *length* positions, those of several disks by turns."""
    if not order:
        return []
    devices = array("Q", map(files.devices.__getitem__, order))
    starts = [0]
    if len(set(devices)) > 1:
        starts += [at for at in range(1, len(devices)) if devices[at] != devices[at - 1]]
    ends = [*starts[1:], len(order)]
    runs = [
        [range(at, min(at + length, end)) for at in range(start, end, length)]
        for start, end in zip(starts, ends, strict=True)
    ]
    return [run for turn in zip_longest(*runs) for run in turn if run]


def flat(groups: Iterable[list[int]]) -> Iterator[int]:
    """The files of all groups."""
    return chain.from_iterable(groups)
