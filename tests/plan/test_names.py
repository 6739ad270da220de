"""Every name finds a form that its destination can hold, and no two names become one unseen."""

from __future__ import annotations

import hashlib
import os

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from cardcat.plan.groups import split_name
from cardcat.plan.names import (
    POSIX,
    SHARE,
    WINDOWS,
    NameRules,
    fit_name,
    rules_for,
    suffix_between,
    suffix_of,
    suffixed,
)
from tests.plan.strategies import RULES, TRAPS, file_names, refusals, rules, stems, unescape, unhurried

ROOMY = (NameRules(is_windows=False, max_length=9_999), NameRules(is_windows=True, max_length=9_999))
HASHES = st.binary(min_size=32, max_size=32).map(bytes.hex)
SUFFIXES = st.one_of(st.sampled_from(["0", "abcd1234"]), HASHES.map(lambda sha256: sha256[:16]), HASHES)


@pytest.mark.parametrize("destination", RULES)
@pytest.mark.parametrize("name", TRAPS)
def test_a_trap_is_fitted_to_a_name_that_can_be_held(name: str, destination: NameRules) -> None:
    assert refusals(fit_name(name, destination), destination) == []


@unhurried
@given(file_names, rules)
def test_every_name_is_fitted_to_one_that_can_be_held(name: str, destination: NameRules) -> None:
    fitted = fit_name(name, destination)

    assert refusals(fitted, destination) == []
    assert os.fsdecode(os.fsencode(fitted)) == fitted, "the drive would list it under another name"


@unhurried
@given(file_names, rules)
def test_a_name_that_fits_is_left_alone(name: str, destination: NameRules) -> None:
    fitted = fit_name(name, destination)

    assert fit_name(fitted, destination) == fitted
    if not refusals(name, destination):
        assert fitted == name


@unhurried
@given(file_names, st.sampled_from(ROOMY))
def test_what_was_escaped_can_be_read_back(name: str, destination: NameRules) -> None:
    fitted = fit_name(name, destination)

    assume(fitted != name)
    assert unescape(fitted) == name


@unhurried
@given(file_names, file_names, st.sampled_from(ROOMY))
@example("a:b", "a%3Ab", ROOMY[1])
def test_two_names_become_one_only_if_the_other_looked_escaped_before(
    one: str, other: str, destination: NameRules
) -> None:
    assume(one != other)
    if fit_name(one, destination) == fit_name(other, destination):
        kept = [name for name in (one, other) if fit_name(name, destination) == name]
        assert len(kept) == 1  # the other is `unescape` of it; a name that is taken is met when it is placed


@unhurried
@given(stems, st.text("abc:%", min_size=1, max_size=3), st.text("abc:%", min_size=1, max_size=3), rules)
@example("x." + "L" * 252, "a", "b", POSIX)
@example("L" * 300, "a", "b", POSIX)
@example("L" * 300, "a", "b", WINDOWS)
@example("?" * 100, "a", "b", WINDOWS)
def test_names_that_are_cut_stay_different(start: str, one: str, other: str, destination: NameRules) -> None:
    assume(one != other)
    assume(unescape(one) == one)
    assume(unescape(other) == other)
    names = [f"{start}{end}{ext}" for end in (one, other) for ext in (".JPG", ".xmp", ".JPG.xmp", "")]

    assert len({fit_name(name, destination) for name in names}) == len(names)


@pytest.mark.parametrize(
    ("name", "fitted"),
    [
        ("IMG:1?.CR3", "IMG%3A1%3F.CR3"),
        ("100%.jpg", "100%.jpg"),
        ("100%:.jpg", "100%25%3A.jpg"),
        ("AUX.jpg", "%41UX.jpg"),
        ("com1 .jpg", "%63om1 .jpg"),
        ("auxiliary.jpg", "auxiliary.jpg"),
        ("end.", "end%2E"),
        ("end. .", "end. %2E"),
        ("caf\udce9.jpg", "caf%E9.jpg"),
        (".CARDCAT", "%2ECARDCAT"),
    ],
)
def test_windows_names_are_percent_encoded(name: str, fitted: str) -> None:
    assert fit_name(name, WINDOWS) == fitted


def test_a_label_may_hold_what_no_file_name_can() -> None:
    assert fit_name("a/b\0", POSIX) == fit_name("a/b\0", WINDOWS) == "a%2Fb%00"


def test_folders_of_ours_are_recognised_as_any_filesystem_would() -> None:
    assert fit_name("ascmhl", POSIX) == "%61scmhl"
    assert fit_name(".CardCat", POSIX) == "%2ECardCat"
    assert fit_name("a\u017fcmhl", POSIX) != "a\u017fcmhl"
    assert fit_name(".card\u200bcat", POSIX) != ".card\u200bcat"
    assert fit_name("ascmhl.jpg", POSIX) == "ascmhl.jpg"


def test_posix_holds_what_windows_does_not() -> None:
    for name in ("a:b", "con", "end.", "caf\udce9.jpg", "two\nlines.jpg", "?" * 255):
        assert fit_name(name, POSIX) == name


def test_a_share_counts_bytes_and_a_card_counts_letters() -> None:
    name = "漢" * 100 + ".jpg"  # 104 letters, 304 bytes

    assert fit_name(name, WINDOWS) == name
    assert len(fit_name(name, SHARE).encode()) <= 255


@pytest.mark.parametrize("fs_type", ["vfat", "exfat", "ntfs3", "fuseblk"])
def test_windows_rules_where_windows_drivers_write(fs_type: str) -> None:
    assert rules_for(fs_type) == WINDOWS


def test_other_filesystems_have_the_rules_of_their_kind() -> None:
    assert rules_for("cifs") == rules_for("smb3") == SHARE
    assert {rules_for(fs_type) for fs_type in ("ext4", "btrfs", "nfs4", "tmpfs")} == {POSIX}


@unhurried
@given(file_names, SUFFIXES, rules)
@example("x." + "L" * 58, "ab" * 32, NameRules(is_windows=False, max_length=120))
def test_a_suffixed_name_can_be_held_and_keeps_its_extension(
    name: str, suffix: str, destination: NameRules
) -> None:
    fitted = fit_name(name, destination)
    stem, extension = split_name(fitted)
    longer = suffixed(fitted, suffix, destination)

    assert refusals(longer, destination) == []
    if destination.length(extension) <= 30:  # a longer one is none, only a dot in a name
        assert longer.endswith(f"-{suffix}{extension}")
        if destination.length(fitted) + len(suffix) + 17 <= destination.max_length:
            assert longer == f"{stem}-{suffix}{extension}"


@unhurried
@given(stems, SUFFIXES, rules)
@example("é" * 200, "abcd1234", POSIX)
@example("漢" * 200, "abcd1234", POSIX)
@example("😀" * 200, "abcd1234", WINDOWS)
@example("a" + "😀" * 200, "abcd1234", WINDOWS)
def test_a_cut_goes_between_letters(stem: str, suffix: str, destination: NameRules) -> None:
    assume(not any("\ud800" <= char <= "\udfff" for char in stem))
    name = f"{stem}.CR3.xmp"

    for made in (fit_name(name, POSIX), suffixed(fit_name(name, destination), suffix, destination)):
        os.fsencode(made).decode("utf-8")
        made.encode("utf-16-le")


def test_a_cut_name_is_the_start_of_what_it_was_with_a_mark() -> None:
    name = "é" * 140 + ".CR3.xmp"
    fitted = fit_name(name, POSIX)
    mark = hashlib.sha256(("é" * 140).encode()).hexdigest()[:8]

    assert fitted.endswith(f"é-{mark}.CR3.xmp")
    assert set(fitted.removesuffix(f"-{mark}.CR3.xmp")) == {"é"}
    assert 240 <= len(fitted.encode()) <= 255


@unhurried
@given(stems, SUFFIXES, rules)
def test_members_of_a_group_keep_one_stem_under_one_suffix(
    stem: str, suffix: str, destination: NameRules
) -> None:
    extensions = (".JPG", ".CR3", ".CR3.xmp", ".xmp", ".AAE")
    assume("." not in stem)
    names = [suffixed(stem + extension, suffix, destination) for extension in extensions]

    assert len({name.removesuffix(ext) for name, ext in zip(names, extensions, strict=True)}) == 1


@unhurried
@given(file_names, file_names, SUFFIXES, rules)
@example("x." + "L" * 252 + "a", "x." + "L" * 252 + "b", "abcd1234", POSIX)
@example("L" * 250 + "a.jpg", "L" * 250 + "b.jpg", "abcd1234", POSIX)
def test_one_suffix_never_makes_two_names_one(
    one: str, other: str, suffix: str, destination: NameRules
) -> None:
    one, other = fit_name(one, destination), fit_name(other, destination)

    assume(one != other)
    assert suffixed(one, suffix, destination) != suffixed(other, suffix, destination)


@unhurried
@given(file_names, SUFFIXES, rules)
@example("noextension", "abcd1234", POSIX)
@example("IMG_1-2.CR3.xmp", "abcd1234", POSIX)
@example("L" * 251 + ".jpg", "abcd1234", POSIX)
def test_a_suffix_is_found_again(name: str, suffix: str, destination: NameRules) -> None:
    plain = fit_name(name, destination)

    assert suffix_between(plain, suffixed(plain, suffix, destination), destination) == suffix
    assert not suffix_between(plain, plain, destination)


@pytest.mark.parametrize("placed", ["IMG_2.JPG", "img_1-abcd.JPG", "IMG_1-abcd.CR3", "IMG_1", "x", ""])
def test_no_suffix_is_seen_where_there_is_none(placed: str) -> None:
    assert not suffix_between("IMG_1.JPG", placed, POSIX)


@unhurried
@given(HASHES, file_names)
def test_suffixes_come_from_the_content_first(sha256: str, path: str) -> None:
    suffixes = [suffix_of(sha256, path, attempt) for attempt in range(60)]

    assert suffixes == [suffix_of(sha256, path, attempt) for attempt in range(60)]
    assert suffixes[:3] == [sha256[:8], sha256[:16], sha256]
    assert suffixes[:3] == [suffix_of(sha256, "elsewhere/x", attempt) for attempt in range(3)]
    assert len(set(suffixes)) == 60, "a name that is taken is asked for again"


def test_equal_contents_get_suffixes_from_where_they_lay() -> None:
    one, other = (suffix_of("ab" * 32, path, 3) for path in ("A/x.xmp", "B/x.xmp"))

    assert one != other
    assert len(one) == len(other) == 8
