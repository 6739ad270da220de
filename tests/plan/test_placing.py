"""Names are given by content: nothing is overwritten, nothing is lost, and a group keeps in step."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cardcat.paths import same_name_key
from cardcat.plan.names import POSIX, SHARE, WINDOWS, NameRules, fit_name, suffix_between, suffixed
from cardcat.plan.placing import Member, Occupant, Placement, may_adopt, place_group
from tests.plan.strategies import file_names, refusals, unhurried

DAY = "2024/2024-05-01"


def sha256(content: str) -> str:
    return hashlib.sha256(os.fsencode(content)).hexdigest()


def member(name: str, content: str = "", *, folder: str = "DCIM/100", rules: NameRules = POSIX) -> Member:
    """A file of the card; what ends like a photo is one. Its content is its path, unless said otherwise."""
    path = f"{folder}/{name}"
    is_media = name.lower().endswith((".jpg", ".cr3", ".mp4"))
    return Member(0, path, fit_name(name, rules), sha256(content or path), 1, is_media)


@dataclass
class Drive:
    """A destination in memory, which says what stands where as a shelf does."""

    files: dict[str, tuple[str, frozenset[str | None]]] = field(default_factory=dict)

    def add(self, path: str, content: str, *owners: str | None) -> Drive:
        self.files[path] = (sha256(content), frozenset(owners))
        return self

    def keep(self, placements: Sequence[Placement], *, owned: bool = False) -> None:
        for placement in placements:
            owners = {placement.member.source_path} if owned else set[str]()
            if not placement.adopted:
                assert placement.path not in self.files, "overwritten"
                self.files[placement.path] = (placement.member.hash, frozenset(owners))

    def look(self, path: str, wanted: Member) -> Occupant | None:
        taken = [there for there in sorted(self.files) if same_name_key(there) == same_name_key(path)]
        if not taken:
            return None
        there = path if path in taken else taken[0]
        hash_, owners = self.files[there]
        if there != path and not wanted.is_media:
            return Occupant(there, None)
        return Occupant(there, hash_ if hash_ == wanted.hash else None, owners)


def names(placements: Sequence[Placement]) -> list[str]:
    return [placement.path.removeprefix(f"{DAY}/") for placement in placements]


def place(drive: Drive, *members: Member, suffix: str = "", rules: NameRules = POSIX) -> list[str]:
    return names(place_group(members, DAY, drive.look, rules, suffix=suffix))


def test_free_names_are_kept() -> None:
    members = [member("IMG_1.CR3"), member("IMG_1.CR3.xmp"), member("IMG_1.JPG")]

    assert place(Drive(), *members) == ["IMG_1.CR3", "IMG_1.CR3.xmp", "IMG_1.JPG"]


def test_the_root_of_a_destination_is_a_folder_too() -> None:
    placements = place_group([member("IMG_1.JPG")], "", Drive().look, POSIX)

    assert [placement.path for placement in placements] == ["IMG_1.JPG"]


def test_one_taken_name_gives_all_members_the_suffix_of_the_photo() -> None:
    drive = Drive().add(f"{DAY}/IMG_1.CR3.xmp", "of another photo")
    members = [member("IMG_1.CR3.xmp"), member("IMG_1.CR3", "photo"), member("IMG_1.wav")]
    tail = sha256("photo")[:8]

    assert place(drive, *members) == [f"IMG_1-{tail}.CR3.xmp", f"IMG_1-{tail}.CR3", f"IMG_1-{tail}.wav"]


@pytest.mark.parametrize(
    ("there", "wanted"),
    [("img_1.jpg", "IMG_1.JPG"), ("cafe\u0301.jpg", "caf\u00e9.jpg"), ("ß.jpg", "SS.jpg")],
)
def test_a_name_is_taken_on_every_filesystem_if_it_is_on_one(there: str, wanted: str) -> None:
    drive = Drive().add(f"{DAY}/{there}", "another photo")

    assert suffix_between(wanted, place(drive, member(wanted, "photo"))[0], POSIX) == sha256("photo")[:8]


def test_a_longer_piece_of_the_hash_is_taken_where_the_shorter_is_too() -> None:
    photo = sha256("photo")
    drive = Drive()
    for tail in ("", f"-{photo[:8]}", f"-{photo[:16]}"):
        drive.add(f"{DAY}/IMG_1{tail}.JPG", "another photo")

    assert place(drive, member("IMG_1.JPG", "photo")) == [f"IMG_1-{photo}.JPG"]


def test_there_is_always_another_name() -> None:
    drive = Drive()
    for _ in range(40):
        (name,) = place(drive, member("IMG_1.JPG", "photo"))
        assert f"{DAY}/{name}" not in drive.files
        drive.add(f"{DAY}/{name}", "damaged since")


def test_a_mistake_ends_instead_of_hanging() -> None:
    with pytest.raises(AssertionError, match="no free name"):
        place_group([member("IMG_1.JPG")], DAY, lambda path, _: Occupant(path, None), POSIX)


def test_the_suffix_of_members_placed_earlier_is_tried_first() -> None:
    assert place(Drive(), member("IMG_1.xmp"), suffix="abcd1234") == ["IMG_1-abcd1234.xmp"]
    drive = Drive().add(f"{DAY}/IMG_1-abcd1234.xmp", "older words")
    assert place(drive, member("IMG_1.xmp"), suffix="abcd1234") == ["IMG_1.xmp"]


def test_equal_media_that_stands_there_is_adopted() -> None:
    drive = Drive().add(f"{DAY}/img_1.jpg", "photo", None)
    photo = member("IMG_1.JPG", "photo")

    assert place_group([photo], DAY, drive.look, POSIX) == [
        Placement(photo, f"{DAY}/img_1.jpg", adopted=True)
    ]


def test_a_sidecar_is_adopted_only_by_the_file_it_was_copied_for() -> None:
    note = member("IMG_1.xmp", "words", folder="A")

    assert may_adopt(note, Occupant("x", note.hash))
    assert may_adopt(note, Occupant("x", note.hash, frozenset({"A/IMG_1.xmp"})))
    assert not may_adopt(note, Occupant("x", note.hash, frozenset({"B/IMG_1.xmp"})))
    assert not may_adopt(note, Occupant("x", note.hash, frozenset({"A/IMG_1.xmp", "B/IMG_1.xmp"})))
    assert not may_adopt(note, Occupant("x", note.hash, frozenset({None})))


def test_media_is_adopted_whoever_it_was_copied_for_but_only_by_its_content() -> None:
    photo = member("IMG_1.JPG", "photo")

    assert may_adopt(photo, Occupant("x", photo.hash, frozenset({None, "B/IMG_1.JPG"})))
    assert not may_adopt(photo, Occupant("x", sha256("another")))
    assert not may_adopt(photo, Occupant("x", None))


def test_equal_sidecars_of_different_folders_all_have_a_place() -> None:
    drive = Drive()
    notes = [member("IMG_1.xmp", "same words", folder=folder) for folder in "ABCDEFG"]
    for note in notes:
        drive.keep(place_group([note], DAY, drive.look, POSIX), owned=True)

    assert len(drive.files) == 7
    for note in notes:
        (again,) = place_group([note], DAY, drive.look, POSIX)
        assert again.adopted
        assert drive.files[again.path][1] == {note.source_path}


def test_twins_in_case_alone_get_names_that_differ_in_more() -> None:
    placed = place(Drive(), member("IMG_1.JPG"), member("img_1.jpg", "twin"))

    assert placed == ["IMG_1.JPG", f"img_1-{sha256('twin')[:8]}.jpg"]


def test_twins_in_unicode_form_get_names_that_differ_in_more() -> None:
    placed = place(Drive(), member("caf\u00e9.jpg"), member("cafe\u0301.jpg", "twin"))

    assert len({same_name_key(name) for name in placed}) == 2


@pytest.mark.parametrize("order", [1, -1])
def test_of_twins_those_with_one_stem_stay_together(order: int) -> None:
    members = [member("A.JPG"), member("a.CR3"), member("a.JPG"), member("a.CR3.xmp")]
    placements = place_group(members[::order], DAY, Drive().look, POSIX)
    of = {placement.member.name: placement.path for placement in placements}
    suffixes = {name: suffix_between(name, path.rpartition("/")[2], POSIX) for name, path in of.items()}

    assert suffixes["a.CR3"] == suffixes["a.JPG"] == suffixes["a.CR3.xmp"] != suffixes["A.JPG"]
    assert "" in suffixes.values()


def test_long_names_that_would_be_cut_alike_stay_apart() -> None:
    long = "x." + "L" * 252
    drive = Drive().add(f"{DAY}/{long}a", "another file")
    placed = place(drive, member(f"{long}a"), member(f"{long}b"))

    assert len(set(placed)) == 2
    assert all(refusals(name, POSIX) == [] for name in placed)


CONTENTS = st.sampled_from(["one", "two", "three"])
GROUP = st.lists(
    st.builds(
        member,
        st.sampled_from("A.JPG a.jpg A.jpg A.CR3 a.cr3 A.xmp a.XMP A.CR3.xmp A.Jpg.xmp A".split()),
        CONTENTS,
        folder=st.sampled_from(["DCIM/100", "DCIM/101"]),
    ),
    min_size=1,
    max_size=7,
    unique_by=lambda one: one.name,
)
STANDING = st.lists(
    st.tuples(
        st.sampled_from("A.JPG a.jpg A.CR3 A.xmp a.xmp A a.CR3.XMP".split()),
        st.sampled_from(["", "", sha256("one")[:8], sha256("two")[:8], sha256("one")[:16], "abcd1234"]),
        CONTENTS,
        st.sampled_from([(), (None,), ("DCIM/100/A.xmp",), ("DCIM/101/A.xmp",)]),
    ),
    max_size=8,
)
Standing = list[tuple[str, str, str, tuple[str | None, ...]]]
FIRST = st.sampled_from(["", "", "abcd1234"])


def standing(files: Standing) -> Drive:
    drive = Drive()
    for name, suffix, content, owners in files:
        drive.add(f"{DAY}/{suffixed(name, suffix, POSIX) if suffix else name}", content, *owners)
    return drive


@unhurried
@given(GROUP, STANDING, FIRST)
def test_every_member_gets_a_place_of_its_own_and_nothing_is_overwritten(
    group: list[Member], files: Standing, first: str
) -> None:
    drive = standing(files)
    placements = place_group(group, DAY, drive.look, POSIX, suffix=first)
    taken = {same_name_key(path) for path in drive.files}

    assert sorted(p.member.name for p in placements) == sorted(one.name for one in group)
    assert len({same_name_key(p.path) for p in placements}) == len(group)
    for placement in placements:
        assert placement.path.rpartition("/")[0] == DAY
        if placement.adopted:
            hash_, owners = drive.files[placement.path]
            assert hash_ == placement.member.hash
            assert placement.member.is_media or owners <= {placement.member.source_path}
        else:
            assert same_name_key(placement.path) not in taken


@unhurried
@given(GROUP, STANDING, FIRST)
def test_members_are_in_step_unless_their_own_names_are_one(
    group: list[Member], files: Standing, first: str
) -> None:
    apart = list({same_name_key(one.name): one for one in group}.values())
    placements = place_group(apart, DAY, standing(files).look, POSIX, suffix=first)
    lead = placements[0]
    suffix = suffix_between(lead.member.name.lower(), lead.path.rpartition("/")[2].lower(), POSIX)

    for placement in placements:
        name = suffixed(placement.member.name, suffix, POSIX) if suffix else placement.member.name
        assert same_name_key(placement.path) == same_name_key(f"{DAY}/{name}")


@unhurried
@given(GROUP, STANDING, FIRST)
def test_a_run_that_was_killed_finds_its_names_again(
    group: list[Member], files: Standing, first: str
) -> None:
    drive = standing(files)
    placed = place_group(group, DAY, drive.look, POSIX, suffix=first)
    drive.keep(placed)
    again = place_group(group, DAY, drive.look, POSIX, suffix=first)

    assert [placement.path for placement in again] == [placement.path for placement in placed]
    assert all(placement.adopted for placement in again)


@unhurried
@given(st.lists(file_names, min_size=1, max_size=5, unique=True), st.sampled_from([POSIX, WINDOWS, SHARE]))
@example(["L" * 250 + ".JPG", "L" * 250 + ".jpg"], POSIX)
def test_any_names_find_a_place_that_the_drive_can_hold(card: list[str], rules: NameRules) -> None:
    drive = Drive()
    for name in card:
        drive.keep(place_group([member(name, rules=rules)], DAY, drive.look, rules))
    drive.keep(place_group([member(name, "x" + name, rules=rules) for name in card], DAY, drive.look, rules))

    placed = [path.removeprefix(f"{DAY}/") for path in drive.files]
    assert len({same_name_key(name) for name in placed}) == 2 * len(card)
    assert all(refusals(name, rules) == [] for name in placed)
