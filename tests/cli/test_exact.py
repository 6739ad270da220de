from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat.cli.exact import chosen, completed
from cardcat.paths import to_text
from tests.cli.conftest import Run
from tests.support import Desk, fill

NAME = st.binary(min_size=1, max_size=6).filter(lambda name: b"/" not in name and name not in (b".", b".."))


@given(st.lists(NAME, max_size=4), st.sampled_from(["/media/me/EOS", "/mnt"]))
def test_a_path_is_exact_again(names: list[bytes], mount_point: str) -> None:
    text, raw = to_text(os.fsdecode(b"/".join(names)))
    path = "/".join([mount_point, *map(os.fsdecode, names)])
    assert completed(to_text(path)[0], text, raw or b"") == path


@pytest.mark.parametrize(
    ("shown", "text", "raw", "path"),
    [
        ("/media/me/a\\xff", "a\\xff", b"a\xff", "/media/me/a\udcff"),
        ("/media/me/a\\xff", "", b"", "/media/me/a\\xff"),
        ("/b\\xfe/a\\xff", "a\\xff", b"a\xff", "/b\\xfe/a\\xff"),  # of b nothing is known
        ("/bound/a\\xff", "somewhere/else/a\\xff", b"somewhere/else/a\xff", "/bound/a\udcff"),
        ("/media/me/a\\xff", "a\\xff", b"", "/media/me/a\\xff"),  # the name has a backslash
        ("/media/other", "a\\xff", b"a\xff", "/media/other"),
        ("/b/a\\xff", "b/a\\xff", b"a\xff", "/b/a\\xff"),  # rows of a damaged catalog
        ("/b/a\\xff", "a\\xff", b"b/a\xff", "/b/a\\xff"),
    ],
)
def test_only_what_is_known_is_made_exact(shown: str, text: str, raw: bytes, path: str) -> None:
    assert completed(shown, text, raw) == path


def test_a_candidate_is_taken_if_it_reads_the_same() -> None:
    assert chosen("/mnt/\\xff", "/mnt/\udcff") == "/mnt/\udcff"
    assert chosen("/mnt/a", "/mnt/b") == "/mnt/a"
    assert chosen("/mnt/a", None) == "/mnt/a"
    assert chosen(None, "/mnt/a") is None


def test_a_session_whose_folder_is_lost_from_the_catalog_is_shown_as_far_as_it_is_known(
    desk: Desk, cardcat: Run
) -> None:
    fill(desk.card, {"a.txt": b"a"})
    desk.backup("one\udcff")
    with desk.writing() as c:
        c.execute("DELETE FROM locations")
    answer = cardcat("sessions", "list", "--json", "--catalog", str(desk.catalog))
    assert answer.code == 0
    assert answer.json[0]["destination_path"].endswith("one\\xff")
