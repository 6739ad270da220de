"""Which of several equal files to keep, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat.model import Evidence
from cardcat.plan.keepers import (
    DEFAULT,
    LibraryCopy,
    Preferred,
    Rule,
    copy_mark,
    preference,
    suggest,
    tidiness,
)

BASE = LibraryCopy(
    id=1,
    hash="ab" * 32,
    size=5,
    mtime_ns=10,
    path="a.jpg",
    location_id=1,
    location_uuid="here",
    location_path="Photos",
    volume_id=1,
    volume_key="uuid:A",
    volume_name="ARCHIVE",
    first_seen_at=10,
    evidence=Evidence.READ_BACK,
)

paths = st.sampled_from(["a.jpg", "2024/a.jpg", "Downloads/a.jpg", "x/y/a.jpg", "a (1).jpg", "b copy.jpg"])
copies = st.lists(
    st.builds(
        lambda id_, path, mtime, seen, evidence, sidecar: replace(
            BASE,
            id=id_,
            path=path,
            mtime_ns=mtime,
            first_seen_at=seen,
            evidence=evidence,
            has_sidecar=sidecar,
        ),
        st.integers(1, 9),
        paths,
        st.integers(1, 3),
        st.integers(1, 3),
        st.sampled_from(Evidence),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda copy: copy.id,
)
rules = st.permutations(list(Rule)).flatmap(
    lambda order: st.integers(0, 7).map(lambda end: tuple(order[:end]))
)


@given(copies, rules, st.randoms())
def test_the_order_of_the_copies_says_nothing(
    found: list[LibraryCopy], order: tuple[Rule, ...], chance: object
) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert suggest(found, order) == suggest(shuffled, order)


@given(copies, rules)
def test_the_keeper_is_the_least_by_its_preference(found: list[LibraryCopy], order: tuple[Rule, ...]) -> None:
    assert suggest(found, order).keeper == min(found, key=lambda copy: preference(copy, order))


@given(copies, rules)
def test_without_the_others_the_keeper_is_kept_as_well(
    found: list[LibraryCopy], order: tuple[Rule, ...]
) -> None:
    keeper = suggest(found, order).keeper
    for other in found:
        assert suggest([keeper, other], order).keeper == keeper


@pytest.mark.parametrize(
    ("rule", "better", "worse"),
    [
        (Rule.TREE, {"path": "2024/2024-05-01/a.jpg"}, {"path": "Downloads/a.jpg"}),
        (Rule.TREE, {"path": "2024/a.jpg"}, {"path": "misc/a.jpg"}),
        (Rule.TREE, {"path": "misc/a.jpg"}, {"path": "Backup 2/2024/a.jpg"}),
        (Rule.SIDECAR, {"has_sidecar": True}, {}),
        (Rule.NAME, {}, {"path": "a (1).jpg"}),
        (Rule.VERIFIED, {"evidence": Evidence.READ_BACK_COLD}, {}),
        (Rule.OLDEST, {"mtime_ns": 9, "first_seen_at": 11}, {}),
        (Rule.OLDEST, {"first_seen_at": 9}, {}),
        (Rule.SHORTEST, {}, {"path": "x/a.jpg"}),
        (Rule.SHORTEST, {}, {"path": "aa.jpg"}),
        (Rule.FOLDER, {"path": "keep/a.jpg"}, {}),
    ],
)
def test_each_rule_decides_alone(rule: Rule, better: dict[str, object], worse: dict[str, object]) -> None:
    one = replace(BASE, id=2, **better)  # type: ignore[arg-type]
    other = replace(BASE, id=1, **worse)  # type: ignore[arg-type]
    found = suggest([other, one], (rule,), [Preferred("uuid:A", "Photos/keep")])
    assert (found.keeper, found.rules) == (one, (rule,))
    assert found.reason.startswith(("it is", "its", "what"))


def test_the_first_folder_is_preferred_most() -> None:
    one, other = replace(BASE, path="x/a.jpg"), replace(BASE, id=2, path="y/a.jpg")
    folders = [Preferred("uuid:A", "Photos/y"), Preferred("uuid:A", "Photos/x")]
    assert suggest([one, other], DEFAULT, folders).keeper == other
    assert suggest([one, other], DEFAULT, folders[::-1]).keeper == one


def test_the_folder_of_the_library_itself_is_what_counts_most() -> None:
    one = replace(BASE, location_path="Photos", path="misc/a.jpg")
    other = replace(BASE, id=2, location_path="Backup", path="2024/a.jpg")
    assert suggest([one, other], [Rule.TREE]).keeper == one


def test_in_a_library_with_an_untidy_name_the_folders_count() -> None:
    one = replace(BASE, location_path="tmp/Old Photos", path="2024/a.jpg")
    other = replace(BASE, id=2, location_path="tmp/Old Photos", path="Desktop/a.jpg")
    assert suggest([one, other], [Rule.TREE]).keeper == one


def test_a_folder_is_that_of_its_volume_and_whole() -> None:
    copy = replace(BASE, path="x/a.jpg")
    assert Preferred("uuid:A", "").holds(copy)
    assert Preferred("uuid:A", "Photos/x").holds(copy)
    assert not Preferred("uuid:A", "Pho").holds(copy)
    assert not Preferred("uuid:B", "Photos/x").holds(copy)


def test_one_alone_is_kept() -> None:
    assert suggest([BASE]).reason == "it is the only one"


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("IMG_1 (1).JPG", "IMG_1.JPG"),
        ("IMG_1(12).CR3.xmp", "IMG_1.CR3.xmp"),
        ("IMG_1 copy.JPG", "IMG_1.JPG"),
        ("IMG_1 - Copy (2).JPG", "IMG_1.JPG"),
        ("IMG_1-Kopie.JPG", "IMG_1.JPG"),
        ("Copy of IMG_1.JPG", "IMG_1.JPG"),
        ("IMG_1.JPG", None),
        ("photocopy.jpg", None),
        ("(1).jpg", None),
        ("Scan 1.jpg", None),
    ],
)
def test_marks_of_copies(name: str, of: str | None) -> None:
    assert copy_mark(name) == of


@pytest.mark.parametrize(
    ("path", "rank"),
    [
        ("2024/2024-05-01/a", 0),
        ("Photos/20240501 party/a", 0),
        ("a", 1),
        ("gold/attempts/a", 1),
        ("Backup/2024/a", 2),
        ("Takeout/Google Photos/Photos from 2020/a", 2),
        ("home/me/Downloads/a", 2),
        ("2024/tmp/a", 2),
        ("Backup.jpg", 1),
    ],
)
def test_how_tidy_a_folder_is(path: str, rank: int) -> None:
    assert tidiness(path) == rank
