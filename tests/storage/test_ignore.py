"""What is left out is decided by names alone."""

from __future__ import annotations

import pytest

from cardcat.storage.ignore import excluder, ignored


@pytest.mark.parametrize(
    "name",
    [
        ".DS_Store",
        "._IMG.JPG",
        ".Trashes",
        ".Trash-1000",
        ".Spotlight-V100",
        ".fseventsd",
        "System Volume Information",
        "$RECYCLE.BIN",
        "Thumbs.db",
        "desktop.ini",
    ],
)
def test_the_published_list_is_ignored(name: str) -> None:
    assert ignored(name, {"IMG.JPG"})


@pytest.mark.parametrize(
    "name",
    [
        "IMG.JPG",
        "._OTHER.JPG",
        "._",
        ".DS_Store2",
        ".trashes",
        "DESKTOP.INI",
        ".Trash",
        ".hidden",
        "MISC",
        ".git",
    ],
)
def test_nothing_else_is(name: str) -> None:
    assert not ignored(name, {"IMG.JPG"})


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "desktop.ini", "._IMG.JPG"])
def test_a_folder_with_the_name_of_a_listed_file_may_hold_anything(name: str) -> None:
    assert not ignored(name, {"IMG.JPG"}, is_folder=True)


def test_no_pattern_excludes_nothing() -> None:
    assert not excluder([])("a", "a")


def test_a_newline_is_a_character_like_any_other() -> None:
    assert excluder(["a*b"])("x/a\nb", "a\nb")
    assert not excluder(["a"])("x/a\n", "a\n")
