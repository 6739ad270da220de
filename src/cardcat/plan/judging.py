"""Whether the copies of one content are enough to give up the original: a pure decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CopyState:
    """One copy as it is now. *name* is what people call its volume; *trouble* completes "the drive …"."""

    volume: str
    name: str
    is_on_source: bool
    is_cold: bool
    trouble: str | None


@dataclass(frozen=True, slots=True)
class Judged:
    """The decision, the sentence for it if it is no, and the volumes that hold a copy which counts."""

    enough: bool
    reason: str = ""
    volumes: frozenset[str] = frozenset()


def judge(copies: Sequence[CopyState], wanted: int) -> Judged:
    """
    Enough if *wanted* different volumes other than the card's hold a cold-proved copy without trouble.

    One is the least that can be wanted: without a copy it is never enough.
    """
    good = frozenset(copy.volume for copy in copies if _counts(copy))
    if len(good) >= max(wanted, 1):
        return Judged(enough=True, volumes=good)
    why = "; ".join(dict.fromkeys(_why(copy) for copy in copies if copy.volume not in good))
    have = "has no proved copy" if not good else f"has {len(good)} of {wanted} proved copies"
    return Judged(enough=False, reason=f"{have}: {why}" if why else have, volumes=good)


def judge_group(members: Sequence[Judged], wanted: int) -> Judged:
    """
    Enough if *wanted* volumes hold every one of the *members* of a group: a raw file here and its sidecar
    there is no copy of the shot. A group with a member that is not enough by itself is left to that.
    """
    if not members or not all(member.enough for member in members):
        return Judged(enough=True)
    whole = frozenset.intersection(*(member.volumes for member in members))
    if len(whole) >= max(wanted, 1):
        return Judged(enough=True, volumes=whole)
    have = f"only {len(whole)} of {wanted} drives have" if whole else "no single drive has"
    return Judged(
        enough=False, reason=f"{have} all {len(members)} files that belong together here", volumes=whole
    )


def _counts(copy: CopyState) -> bool:
    return copy.is_cold and not copy.is_on_source and copy.trouble is None


def _why(copy: CopyState) -> str:
    if copy.is_on_source:
        return "a copy on the card's own volume does not count"
    if copy.trouble is not None:
        return f"the drive {copy.name} {copy.trouble}"
    return f"on the drive {copy.name} memory may have answered when it was read back"
