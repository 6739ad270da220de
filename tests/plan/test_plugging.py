"""A person with a drawer of drives is told the few to fetch."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cardcat.plan.judging import Holder
from cardcat.plan.plugging import Waiting, drives_to_plug_in, waiting_for

RED, BLUE, GREEN = Holder("red", "1"), Holder("blue", "2"), Holder("green", "3")
BLUE_TOO = Holder("blue too", "2")


def waiting(files: str, missing: int, *offers: Holder) -> Waiting:
    return Waiting(frozenset(files), missing, frozenset(offers))


def chosen(*all_waiting: Waiting) -> list[tuple[str, int]]:
    return [(choice.volume, choice.files) for choice in drives_to_plug_in(all_waiting)]


def test_nothing_that_waits_needs_no_drive() -> None:
    assert chosen() == []


def test_one_drive_that_has_all_is_enough() -> None:
    assert chosen(waiting("a", 1, RED, GREEN), waiting("b", 1, BLUE, GREEN)) == [("green", 2)]


def test_the_drive_that_most_files_wait_for_comes_first() -> None:
    assert chosen(waiting("a", 1, RED), waiting("bc", 1, BLUE)) == [("blue", 2), ("red", 1)]


def test_what_later_ones_make_superfluous_is_left_out() -> None:
    """Green has most, but red and blue are needed anyway, and have all of it."""
    found = chosen(
        waiting("abc", 1, RED, GREEN),
        waiting("def", 1, BLUE, GREEN),
        waiting("g", 1, RED),
        waiting("h", 1, BLUE),
    )
    assert found == [("blue", 4), ("red", 4)]


def test_two_parts_of_one_disk_are_no_two_copies() -> None:
    assert chosen(waiting("a", 2, BLUE, BLUE_TOO, RED)) in (
        [("blue", 1), ("red", 1)],
        [("blue too", 1), ("red", 1)],
    )


def test_what_no_drive_can_mend_waits_for_none() -> None:
    assert waiting_for("a", [], [], 1) is None
    assert waiting_for("a", [RED], [BLUE], 3) is None
    assert waiting_for("a", [], [BLUE, BLUE_TOO], 2) is None
    assert waiting_for("a", [BLUE], [BLUE_TOO], 2) is None
    assert waiting_for("a", [RED], [BLUE], 1) is None
    assert waiting_for("a", [RED], [BLUE, BLUE_TOO], 2) == waiting("a", 1, BLUE, BLUE_TOO)


def test_drives_that_can_not_be_told_apart_are_told_apart_by_plugging_in_what_is_away() -> None:
    nameless, away = RED._replace(is_named=False), BLUE._replace(is_plugged=False)
    assert waiting_for("a", [nameless, away], [], 2) == waiting("a", 1, away)
    assert waiting_for("a", [nameless, away], [], 1) is None
    assert waiting_for("a", [nameless, away], [], 3) is None
    assert waiting_for("a", [RED, away], [GREEN], 3) == waiting("a", 1, GREEN)


HOLDERS = [Holder(f"volume {number}", f"disk {number // 2}") for number in range(6)]
OFFERS = st.lists(
    st.tuples(st.sets(st.integers(0, 9), min_size=1), st.integers(1, 2), st.sets(st.sampled_from(HOLDERS))),
    max_size=6,
)


@given(OFFERS)
def test_the_drives_chosen_are_enough_and_none_of_them_is_superfluous(
    offers: list[tuple[set[int], int, set[Holder]]],
) -> None:
    all_waiting = [
        found
        for files, wanted, holders in offers
        if (found := waiting_for(map(str, files), [], holders, wanted))
    ]
    volumes = {choice.volume for choice in drives_to_plug_in(all_waiting)}

    def is_enough(taken: set[str]) -> bool:
        return all(
            len({holder.disk for holder in each.offers if holder.volume in taken}) >= each.missing
            for each in all_waiting
        )

    assert is_enough(volumes)
    assert not any(is_enough(volumes - {volume}) for volume in volumes)
