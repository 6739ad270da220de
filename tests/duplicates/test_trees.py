"""Folders that are elsewhere as a whole: what is found is what trying all pairs finds."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardcat.duplicates import partners
from cardcat.duplicates.trees import tree_pairs
from tests.duplicates.brute import Files, Place, frames, pairs

PATHS = ["", "a", "b", "a/b", "a!", "b/c", "a/b/c", "c/d/e", "c/d", "a/x/y"]

places = st.tuples(st.integers(1, 3), st.sampled_from(PATHS))
contents = st.one_of(st.integers(1, 6), st.integers(100, 102), st.none())
folders = st.dictionaries(st.sampled_from("fghij"), contents, max_size=4)


def found(files: Files) -> set[tuple[Place, Place, str, int, int]]:
    columns = ("location", "path", "other_location", "other_path", "kind", "files", "others")
    rows = tree_pairs(*frames(files)).pairs.select(columns).iter_rows()
    return {((row[0], row[1]), (row[2], row[3]), row[4], row[5], row[6]) for row in rows}


@settings(max_examples=150)
@given(st.dictionaries(places, folders, min_size=1, max_size=7))
def test_the_pairs_are_those_that_trying_all_of_them_finds(files: Files) -> None:
    assert found(files) == pairs(files)


@pytest.mark.parametrize("seed", range(60))
def test_so_they_are_of_trees_with_copies_in_them(seed: int) -> None:
    """Trees at random have little in common: here most are copied from others, some with a difference."""
    chance = random.Random(seed)
    files: dict[Place, dict[str, int | None]] = {}
    for _ in range(chance.randint(2, 9)):
        place = chance.randint(1, 3), chance.choice(PATHS)
        names: dict[str, int | None] = {f"f{n}": chance.randint(1, 12) for n in range(chance.randint(1, 4))}
        files[place] = dict(files[chance.choice(list(files))]) if files and chance.random() < 0.6 else names
        if chance.random() < 0.2:
            files[place]["more"] = chance.choice([None, 100, 101, chance.randint(1, 12)])
    assert found(files) == pairs(files)


def test_more_locations_than_one_number_has_bits() -> None:
    files = {(location, "a"): {"x": location, "y": 200 if location < 100 else 0} for location in range(1, 90)}
    files |= {(90, "b"): {"x": 7, "y": 70}, (91, "c"): {"x": 70, "y": 7}, (92, "d/e"): {"x": 70, "y": 7}}
    assert (
        found(files)
        == {
            ((91, "c"), (90, "b"), "equal", 2, 0),
            ((92, "d/e"), (90, "b"), "equal", 2, 0),
        }
        == pairs(files)
    )


def test_a_content_in_every_folder_hides_nothing() -> None:
    files: dict[Place, dict[str, int | None]] = {
        (1, f"p/{number}"): {"logo": 1, "own": 1_000 + number} for number in range(1_500)
    }
    files = {
        place: {name: (content or 0) % 97 + 1 for name, content in names.items()}
        for place, names in files.items()
    }
    files = dict(list(files.items())[:90])
    files[2, "q"] = {"logo": 2, "own": 30, "third": 44}
    assert found(files) == pairs(files)


def test_equal_folders_of_which_more_exist_than_the_search_begins_at() -> None:
    several = partners._SEEDS + 5
    files: dict[Place, dict[str, int | None]] = {
        (number, "a"): {"x": 1, "y": 2} for number in range(1, several)
    }
    assert len(found(files)) == len(files) - 1


def test_it_is_the_same_in_whatever_order_the_rows_come() -> None:
    files: dict[Place, dict[str, int | None]] = {
        (number % 3, f"{number % 7}/{number}"): {"x": number % 9, "y": number % 4 + 20, "z": number % 5 + 40}
        for number in range(60)
    }
    every = frames(files)
    first = tree_pairs(*every).pairs
    again = tree_pairs(*(frame.sample(fraction=1, shuffle=True, seed=1) for frame in every)).pairs
    assert first.equals(again)
