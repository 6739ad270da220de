"""One decision for each file: what is copied, what is held already, what waits for its twin."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat.frames import KNOWN
from cardcat.plan.dedupe import Do, decide
from tests.plan.strategies import unhurried

KINDS = ("image", "video", "audio", "sidecar", "other")


@dataclass(frozen=True)
class File:
    """A file of the card, what reading it told, and what an earlier session left: (hash, copy)."""

    size: int = 10
    structure: int = -1
    sample: str | None = None
    hash: str | None = None
    kind: str | None = None
    held: tuple[str, int] | None = None


@dataclass(frozen=True)
class Decision:
    do: Do
    hash: str | None = None
    copy: int | None = None


def decisions(
    files: Iterable[File], good: dict[str, int] | None = None, *, recheck: bool = False
) -> list[Decision]:
    """What `decide` says of *files*, which get their positions as items."""
    rows = list(enumerate(files))
    listing = pl.DataFrame(
        [(item, file.structure, file.size) for item, file in rows],
        schema={"item": pl.UInt32, "structure": pl.Int32, "size": pl.Int64},
        orient="row",
    )
    read = pl.DataFrame(
        [(item, f.sample, f.hash, f.kind) for item, f in rows if f.sample or f.hash],
        schema=KNOWN,
        orient="row",
    )
    held = pl.DataFrame(
        [(item, *file.held) for item, file in rows if file.held],
        schema={"item": pl.UInt32, "hash": pl.String, "copy": pl.Int64},
        orient="row",
    )
    copies = pl.DataFrame(
        {"hash": list(good or {}), "copy": list((good or {}).values())},
        schema={"hash": pl.String, "copy": pl.Int64},
    )
    found = decide(listing, held=held, read=read[::-1], good=copies, recheck=recheck)
    assert found["item"].to_list() == [item for item, _ in rows], "one row a file, in their order"
    return [Decision(Do(do), hash_, copy) for _, do, hash_, copy in found.rows()]


def decision(file: File, good: dict[str, int] | None = None, *, recheck: bool = False) -> Decision:
    return decisions([file], good, recheck=recheck)[0]


def test_a_file_that_was_not_read_is_copied() -> None:
    assert decision(File()) == Decision(Do.COPY)


def test_what_an_earlier_session_left_needs_nothing() -> None:
    assert decision(File(held=("h", 7))) == Decision(Do.NOTHING, "h", 7)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("structure", [-1, 0, 3])
def test_only_media_outside_structures_are_skipped(kind: str, structure: int) -> None:
    found = decision(File(structure=structure, hash="h", kind=kind), {"h": 7})

    if kind in {"image", "video"} and structure < 0:
        assert found == Decision(Do.SKIP, "h", 7)
    else:
        assert found == Decision(Do.COPY, "h")


def test_a_content_without_a_good_copy_is_copied() -> None:
    assert decision(File(hash="h", kind="image"), {"other": 7}) == Decision(Do.COPY, "h")
    assert decision(File(hash="h", kind=None), {"h": 7}) == Decision(Do.COPY, "h")
    assert decision(File(sample="s"), {"h": 7}) == Decision(Do.COPY)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("structure", [-1, 3])
def test_only_media_outside_structures_wait_for_a_twin(kind: str, structure: int) -> None:
    first, twin = File(sample="s"), File(structure=structure, sample="s", hash="h", kind=kind)
    wanted = Do.WAIT if kind in {"image", "video"} and structure < 0 else Do.COPY

    assert [found.do for found in decisions([first, twin])] == [Do.COPY, wanted]


def test_of_files_that_look_equal_the_first_is_copied_and_the_others_wait() -> None:
    twin = File(sample="s", hash="h", kind="image")

    assert [d.do for d in decisions([File(sample="s"), twin, twin])] == [Do.COPY, Do.WAIT, Do.WAIT]
    assert [d.do for d in decisions([twin, twin, twin])] == [Do.COPY, Do.WAIT, Do.WAIT]


def test_looking_equal_takes_the_same_size() -> None:
    files = [File(size=10, sample="s"), File(size=11, sample="s", hash="h", kind="image")]

    assert [found.do for found in decisions(files)] == [Do.COPY, Do.COPY]


def test_nobody_waits_for_a_file_that_is_not_copied_now() -> None:
    twin = File(sample="s", hash="h", kind="image")

    assert [d.do for d in decisions([File(sample="s", held=("h", 7)), twin])] == [Do.NOTHING, Do.COPY]
    assert [d.do for d in decisions([twin, twin], {"h": 7})] == [Do.SKIP, Do.SKIP]
    skipped = File(sample="s", hash="g", kind="image")
    assert [d.do for d in decisions([skipped, twin], {"g": 7})] == [Do.SKIP, Do.COPY]


def test_files_without_a_fingerprint_do_not_look_equal() -> None:
    files = [File(hash="g", kind="image"), File(hash="g", kind="image"), File(), File(structure=0)]

    assert [found.do for found in decisions(files)] == [Do.COPY] * 4


def test_a_twin_that_could_not_be_read_is_copied_itself() -> None:
    assert [d.do for d in decisions([File(sample="s"), File(sample="s")])] == [Do.COPY, Do.COPY]


def test_reading_again_confirms_or_refutes_what_was_left_earlier() -> None:
    same, other = File(hash="h", kind="image", held=("h", 7)), File(hash="x", kind="image", held=("h", 7))

    assert decision(same, recheck=True) == Decision(Do.NOTHING, "h", 7)
    assert decision(other, recheck=True) == Decision(Do.COPY, "x")
    assert decision(other, {"x": 9}, recheck=True) == Decision(Do.SKIP, "x", 9)
    assert decision(File(held=("h", 7)), recheck=True) == Decision(Do.COPY)
    assert decision(other) == Decision(Do.NOTHING, "h", 7)


def test_an_empty_card_needs_no_decision() -> None:
    assert decisions([]) == []
    assert decisions([], {"h": 7}, recheck=True) == []


FILES = st.lists(
    st.builds(
        File,
        st.integers(0, 2),
        st.sampled_from([-1, -1, 0]),
        st.sampled_from([None, "s", "t"]),
        st.sampled_from([None, "g", "h"]),
        st.sampled_from([None, *KINDS]),
        st.sampled_from([None, None, ("g", 7), ("h", 8)]),
    ),
    max_size=12,
)
GOOD = st.dictionaries(st.sampled_from("ghi"), st.integers(1, 9))


def expected(files: list[File], good: dict[str, int], *, recheck: bool) -> list[Decision]:
    """The same decisions, one file after the other."""
    copied: set[tuple[int, str]] = set()
    found = []
    for file in files:
        is_media = file.kind in {"image", "video"} and file.structure < 0
        if file.held and not (recheck and file.held[0] != file.hash):
            found.append(Decision(Do.NOTHING, *file.held))
        elif is_media and file.hash in good:
            found.append(Decision(Do.SKIP, file.hash, good[file.hash]))
        else:
            is_twin = file.sample is not None and (file.size, file.sample) in copied
            waits = is_twin and is_media and file.hash is not None
            found.append(Decision(Do.WAIT if waits else Do.COPY, file.hash))
            if file.sample is not None:
                copied.add((file.size, file.sample))
    return found


@unhurried
@given(FILES, GOOD, st.booleans())
def test_every_file_has_exactly_the_decision_it_should(
    files: list[File], good: dict[str, int], recheck: bool
) -> None:
    assert decisions(files, good, recheck=recheck) == expected(files, good, recheck=recheck)


@unhurried
@given(FILES, GOOD, st.booleans())
def test_whoever_waits_waits_for_a_file_that_is_copied(
    files: list[File], good: dict[str, int], recheck: bool
) -> None:
    found = decisions(files, good, recheck=recheck)
    copied = {(f.size, f.sample) for f, d in zip(files, found, strict=True) if d.do == Do.COPY}

    assert all(
        (file.size, file.sample) in copied
        for file, what in zip(files, found, strict=True)
        if what.do == Do.WAIT
    )
