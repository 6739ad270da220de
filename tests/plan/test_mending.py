"""How much is checked at once, what still fits a budget, and which copy is trusted first."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from cardcat.model import Evidence, Presence
from cardcat.plan.mending import AT_ONCE, by_trust, has_time, portions


@dataclass(frozen=True)
class File:
    size: int


@dataclass(frozen=True)
class Copy:
    name: str
    volume_key: str = "other"
    status: Presence = Presence.PRESENT
    evidence: Evidence = Evidence.READ_BACK_COLD
    verified_at: int | None = 1

    @property
    def id(self) -> int:
        return hash(self.name)


@given(st.lists(st.integers(0, 2 * AT_ONCE).map(File)))
def test_portions_keep_the_order_and_only_a_large_file_exceeds_them(files: list[File]) -> None:
    cut = list(portions(files))
    assert [file for portion in cut for file in portion] == files
    for portion in cut:
        assert 1 <= len(portion) <= 64
        assert len(portion) == 1 or sum(file.size for file in portion) <= AT_ONCE


def test_without_a_budget_there_is_always_time() -> None:
    assert has_time(1 << 40, done=1, elapsed=1e9, budget=None)


def test_a_film_that_takes_longer_than_is_left_is_not_begun() -> None:
    assert has_time(50, done=100, elapsed=10, budget=20)
    assert not has_time(150, done=100, elapsed=10, budget=20)


def test_a_film_that_comes_first_is_begun_whatever_its_size() -> None:
    assert has_time(1 << 50, done=0, elapsed=0.5, budget=1)


def test_nothing_is_begun_once_the_budget_is_used_up() -> None:
    assert not has_time(0, done=0, elapsed=20, budget=20)
    assert not has_time(1, done=1 << 40, elapsed=20, budget=20)


def order(*copies: Copy) -> list[str]:
    return [copy.name for copy in by_trust(copies, instead_of=Copy("bad", "mine"))]


def test_what_is_proved_best_is_trusted_first_and_of_equals_the_latest() -> None:
    warm = Copy("warm", evidence=Evidence.READ_BACK, verified_at=9)
    claimed = Copy("claimed", evidence=Evidence.CLAIMED, verified_at=None)
    assert order(claimed, warm, Copy("old"), Copy("new", verified_at=5)) == ["new", "old", "warm", "claimed"]


def test_another_drive_is_trusted_before_the_one_that_has_the_bad_copy() -> None:
    assert order(
        Copy("here", "mine", verified_at=9), Copy("there", evidence=Evidence.CLAIMED, verified_at=None)
    ) == ["there", "here"]


def test_neither_what_is_gone_nor_the_bad_copy_itself_is_a_source() -> None:
    bad = Copy("bad", "mine", verified_at=9)
    gone = [Copy(status.value, status=status) for status in Presence if status is not Presence.PRESENT]
    assert by_trust([bad, *gone], instead_of=bad) == []
