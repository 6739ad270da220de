"""Paths lose nothing on their way through stores, and do nothing to a terminal."""

from __future__ import annotations

import os
import unicodedata
from pathlib import PurePosixPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cardcat.paths import display, extension_of, from_text, same_name_key, to_text
from tests.plan.strategies import file_names, unhurried

# Moved by case folding to another place among marks: nothing but Unicode's own algorithm is asked of it.
IOTA_BELOW = "\u0345"


def forms(text: str) -> set[str]:
    """The texts that a filesystem which ignores case and Unicode form may take for *text*."""
    composed = {unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)}
    return {
        form
        for same in (*composed, text)
        for form in (same, same.upper(), same.lower(), same.title(), same.casefold())
    }


@unhurried
@given(st.binary())
def test_any_bytes_survive_a_store(raw: bytes) -> None:
    path = os.fsdecode(raw)
    text, exact = to_text(path)

    text.encode("utf-8")
    assert from_text(text, exact) == path
    assert (exact is None) == (text == path)


@unhurried
@given(
    st.text(st.characters(exclude_characters="\0/") | st.sampled_from("..aB \udce9"), min_size=1).filter(
        lambda name: name not in (".", "..")  # no files have these
    )
)
@example(".jpg")
@example("a.")
@example("..jpg")
@example("...")
def test_an_extension_is_what_follows_the_last_dot_of_a_name(name: str) -> None:
    suffix = PurePosixPath("a.folder", name).suffix
    assert extension_of(f"a.folder/{name}") == extension_of(name) == to_text(suffix[1:].lower())[0]


def test_a_text_is_exact_or_comes_with_its_bytes() -> None:
    assert to_text("日本/😀.jpg") == ("日本/😀.jpg", None)
    assert to_text("caf\udce9.jpg") == ("caf\\xe9.jpg", b"caf\xe9.jpg")
    assert to_text("caf\\xe9.jpg") == ("caf\\xe9.jpg", None)


def test_a_column_without_bytes_means_that_the_text_is_exact() -> None:
    assert from_text("a.jpg", b"") == from_text("a.jpg", None) == "a.jpg"


@unhurried
@given(
    st.one_of(
        file_names,
        st.text(st.characters(categories=["Cc", "Cf", "Cn", "Co", "Z"])),
        st.binary().map(os.fsdecode),
    )
)
def test_what_is_shown_is_one_line_of_plain_characters(path: str) -> None:
    shown = display(path)

    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    assert shown.splitlines() in ([], [shown])


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("\x1b[2Jhello\r\n.jpg", "\\x1b[2Jhello\\r\\n.jpg"),
        ("photo\u202egpj.exe", "photo\\u202egpj.exe"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("\u2066isolate\u2069", "\\u2066isolate\\u2069"),
        ("line\u2028separator\x85", "line\\u2028separator\\x85"),
        ("caf\udce9.jpg", "caf\\xe9.jpg"),
    ],
)
def test_what_could_deceive_or_move_the_cursor_is_escaped(path: str, shown: str) -> None:
    assert display(path) == shown


@pytest.mark.parametrize("path", ["DCIM/100CANON/IMG_0001.JPG", "日本語 😀/café.jpg", "a b\\c", "עברית"])
def test_readable_names_are_shown_as_they_are(path: str) -> None:
    assert display(path) == path


MARKED = st.text(
    "\u03b1ᾳᾼ\u0391\u0399ωῷeéi\u0131İkK\u0345\u0323\u0307\u0301\u0308\u200d\u1112\u1161\u11ab\ud55c",
    max_size=6,
)


@unhurried
@given(st.one_of(file_names, MARKED))
@example("\u1fb3\u0323")
def test_names_that_are_equal_to_unicode_have_one_key(name: str) -> None:
    composed, apart = unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name)

    assert same_name_key(composed) == same_name_key(apart) == same_name_key(name)
    assert same_name_key(same_name_key(name)) == same_name_key(name)


@unhurried
@given(file_names.filter(lambda name: IOTA_BELOW not in unicodedata.normalize("NFD", name)))
def test_names_that_differ_in_case_or_form_have_one_key(name: str) -> None:
    assert {same_name_key(form) for form in forms(name)} == {same_name_key(name)}


def test_no_letter_is_missed_by_a_key() -> None:
    letters = [chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]
    changing = [x for x in letters if unicodedata.decomposition(x) or {x.upper(), x.casefold()} != {x}]
    missed = [
        f"U+{ord(letter):04X}"
        for letter in changing
        if any(same_name_key(form) != same_name_key(letter) for form in forms(letter))
    ]

    assert missed == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("IMG_1.JPG", "img_1.jpg"),
        ("caf\u00e9.jpg", "CAFE\u0301.JPG"),
        ("straße.jpg", "STRASSE.jpg"),
        ("ẞ.jpg", "ß.jpg"),
        ("\u0131.jpg", "I.jpg"),  # a Turkish i without its dot
        ("İ.jpg", "i\u0307.jpg"),
        ("5 \u212a.jpg", "5 k.jpg"),
        ("\u2126.jpg", "ω.jpg"),
        ("\u212b.jpg", "å.jpg"),
        ("\u017f.jpg", "S.jpg"),
        ("ΣΑΣ.jpg", "σας.jpg"),
        ("\u00b5.jpg", "\u039c.jpg"),  # micro sign, capital mu
        ("ﬁ.jpg", "FI.jpg"),
        ("ǆ.jpg", "ǅ.jpg"),
        ("ᾳ.jpg", "ᾼ.jpg"),
        ("\u1fd3.jpg", "\u0390.jpg"),
        ("\ud55c.jpg", "\u1112\u1161\u11ab.jpg"),
        ("a\u0323\u0307.jpg", "a\u0307\u0323.jpg"),
        ("\U00010400.jpg", "\U00010428.jpg"),
        ("\uab70.jpg", "\u13a0.jpg"),
        ("I\u200dM\u00adG.jpg", "img.jpg"),
        ("❤\ufe0f.jpg", "❤.jpg"),
        ("caf\udce9.JPG", "CAF\udce9.jpg"),
    ],
)
def test_a_pair_that_some_filesystem_takes_for_one(one: str, other: str) -> None:
    assert same_name_key(one) == same_name_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("IMG_1.JPG", "IMG_2.JPG"),
        ("cafe.jpg", "café.jpg"),
        ("\uff21.jpg", "A.jpg"),  # full width
        ("x².jpg", "x2.jpg"),
        ("①.jpg", "1.jpg"),
        ("a .jpg", "a.jpg"),
        ("caf\udce9.jpg", "café.jpg"),
        ("-.jpg", "\u2013.jpg"),
    ],
)
def test_a_pair_that_all_filesystems_tell_apart(one: str, other: str) -> None:
    assert same_name_key(one) != same_name_key(other)
