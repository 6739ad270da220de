"""`cardcat duplicates show`, and the pages with pictures."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from cardcat.catalog.engine import open_catalog
from cardcat.indexing import index
from tests.cli.conftest import Answer, Run
from tests.support import fill, jpeg, snapshot

EVIL = "IMG_2 \x1b[31m<b>&.jpg"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A renamed photo, one under a hostile name, a folder that was copied, a photo alone."""
    files = {"a/IMG_1.jpg": jpeg(1), "b/IMG_1 (1).jpg": jpeg(1), "a/single.jpg": jpeg(2)}
    files |= {f"{top}/p{n}.jpg": jpeg(5 + n) for top in ("2019", "old/2019") for n in range(2)}
    files |= {f"x/{EVIL}": jpeg(11), "y/one.jpg": jpeg(11)}
    root = fill(tmp_path / "library", files)
    index([root], catalog=tmp_path / "shelf.db", mode="content")
    return root


@pytest.fixture
def show(cardcat: Run, library: Path, tmp_path: Path) -> Run:
    def run(*arguments: str) -> Answer:
        return cardcat("duplicates", "show", *arguments, "--catalog", str(tmp_path / "shelf.db"))

    return run


def test_a_renamed_copy_with_the_one_to_keep(show: Run, library: Path) -> None:
    answer = show(str(library / "b/IMG_1 (1).jpg"))
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert "Why: renamed copy" in lines
    assert [line for line in lines if line.startswith("* ")] == [f"* {library}/a/IMG_1.jpg"]
    assert any(line.startswith("Suggested to keep: the copy marked with *; ") for line in lines)
    assert f"  {library}/b/IMG_1 (1).jpg" in lines


def test_by_the_beginning_of_its_hash_in_json(show: Run, library: Path) -> None:
    hash_ = show(str(library / "2019/p0.jpg"), "--json").json["hash"]
    document = show(hash_[:6], "--json").json
    assert (document["hash"], document["library_copies"]) == (hash_, 2)
    assert document["why"] == "whole tree copied"
    assert document["folders"]["folder"] == f"{library}/old/2019"
    assert [copy["keep"] for copy in document["copies"]] == [True, False]
    assert {copy["now"] for copy in document["copies"]} == {"there"}
    assert document["report"] is None


def test_a_file_that_is_there_once(show: Run, library: Path) -> None:
    answer = show(str(library / "a/single.jpg"))
    assert (answer.code, "No library holds it more than once." in answer.out) == (0, True)
    document = show(str(library / "a/single.jpg"), "--json").json
    assert (document["why"], document["wasted_space_bytes"], document["keep_reason"]) == (None, 0, "")


def test_what_nobody_knows(show: Run, cardcat: Run, library: Path, tmp_path: Path) -> None:
    new = fill(tmp_path / "new", {"new.jpg": jpeg(90)}) / "new.jpg"
    for what in ("abcdef123456", "nonsense", str(new), str(library)):
        answer = show(what)
        assert (answer.code, answer.out) == (2, "")
        assert "hint: " in answer.err
    assert cardcat("duplicates", "show", "abcdef1", "--catalog", str(tmp_path / "none.db")).code == 2
    empty = tmp_path / "empty.db"
    open_catalog(empty).close()
    assert cardcat("duplicates", "show", "abcdef1", "--catalog", str(empty)).code == 2
    assert not (tmp_path / "none.db").exists()


def test_a_hostile_name_reaches_neither_terminal_nor_page(show: Run, library: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    answer = show(str(library / "y/one.jpg"), "--report", str(page))
    text = page.read_text()
    assert "\x1b" not in answer.out + text
    assert "<b>" not in text
    assert "&lt;b&gt;&amp;" in text


def test_a_page_has_a_picture_of_each_copy_and_asks_nobody(show: Run, library: Path, tmp_path: Path) -> None:
    page, before = tmp_path / "page.html", snapshot(library)
    answer = show(str(library / "a/IMG_1.jpg"), "--report", str(page))
    assert (answer.code, answer.out.splitlines()[-1]) == (0, f"Written: {page}")
    text = page.read_text()
    pictures = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', text)
    assert [base64.b64decode(one)[:3] for one in pictures] == [b"\xff\xd8\xff"] * 2
    assert "default-src 'none'" in text
    assert not re.findall(r"https?://|<script|<link", text)
    assert snapshot(library) == before


def test_a_page_of_a_copy_that_is_gone_says_so(show: Run, library: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    hash_ = show(str(library / "a/IMG_1.jpg"), "--json").json["hash"]
    (library / "b/IMG_1 (1).jpg").unlink()
    show(hash_, "--report", str(page))
    text = page.read_text()
    assert text.count("data:image/jpeg") == 1
    assert "(missing)" in text


def test_a_page_of_a_drive_that_is_unplugged_says_so(
    show: Run, library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hash_ = show(str(library / "a/IMG_1.jpg"), "--json").json["hash"]
    monkeypatch.setattr("cardcat.sightings.mounted_volumes", list)
    answer = show(hash_, "--report", str(tmp_path / "page.html"))
    assert answer.out.count("not plugged in") == 2
    text = (tmp_path / "page.html").read_text()
    assert "data:image/jpeg" not in text
    assert text.count(">not plugged in</text>") == 2


def test_a_page_never_replaces_a_file(show: Run, library: Path) -> None:
    photo = library / "a/IMG_1.jpg"
    before = photo.read_bytes()
    assert show(str(photo), "--report", str(photo)).code == 2
    assert photo.read_bytes() == before


def test_the_page_of_the_largest(cardcat: Run, library: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    where = ("--catalog", str(tmp_path / "shelf.db"))
    answer = cardcat("duplicates", "list", "--report", str(page), *where)
    assert answer.code == 0
    text = page.read_text()
    assert text.count("data:image/jpeg") == 8
    assert f"is a whole copy of {library}/2019: 2 files" in text
    assert "renamed copy" in text
    assert "<b>" not in text
