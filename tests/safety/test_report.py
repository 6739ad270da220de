"""The printable report: one file that says what was proved, asks nobody for anything, and runs nothing."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from cardcat.catalog.facts import Facts
from cardcat.errors import DestinationError, UsageError
from cardcat.media.picturing import ThumbnailPool
from cardcat.model import Kind
from cardcat.safety import report as report_module
from cardcat.safety.answer import Reason, Verdict
from cardcat.safety.figures import contact_sheet, file_table
from cardcat.safety.page import page
from cardcat.safety.report import check_report, write_report
from cardcat.safety.sheet import Listed, Sheet
from cardcat.storage.disk import Disk, StrPath
from tests.drives import mounted, pulled
from tests.safety.asking import judged
from tests.support import Desk, fill, jpeg, snapshot

FILM = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\x10\0mdat" + bytes(4088)
VOID = {"meta", "br", "img", "rect", "link"}


class Page(HTMLParser):
    """The page as a browser understands it: every element is closed, and what it asks for is kept."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.text += data

    def values(self, tag: str, attribute: str) -> list[str]:
        return [value for a_tag, name, value in self.attributes if (a_tag, name) == (tag, attribute)]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def reported(desk: Desk, verdict: Verdict) -> Page:
    place = check_report(desk.folder / "report.html", desk.card)
    write_report(place, verdict, catalog=str(desk.catalog))
    return Page(place.read_text("utf-8"))


def require_self_contained(found: Page) -> None:
    """No script, nothing that is fetched, and a policy that forbids both."""
    assert {"script", "iframe", "object", "embed", "link", "form", "base", "a"}.isdisjoint(found.tags)
    assert not [name for _, name, _ in found.attributes if name.startswith("on") or name in ("style", "href")]
    assert all(value.startswith("data:image/jpeg;base64,") for value in found.values("img", "src"))
    (policy,) = [value for value in found.values("meta", "content") if "default-src" in value]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy


def test_a_yes_tells_what_was_proved(desk: Desk, card: Path) -> None:
    fill(card, {"DCIM/A.JPG": jpeg(1), "DCIM/A.xmp": b"x", "DCIM/B.MP4": FILM, ".DS_Store": b"d"})
    desk.backup("one", "two")
    verdict = judged(desk, 2)
    found = reported(desk, verdict)

    require_self_contained(found)
    assert "Safe to format: yes" in found.text
    for told in (
        "Memory card card, looked at ", "ext4", "3 files, ", "one (ext4)", "two (ext4)",
        "fadvise, 0 pages resident", "2 proved copies", str(desk.folder / "one"), "completed",
        "2024-05-01 10:00:00",
        hashlib.sha256(jpeg(1)).hexdigest()[:12], "on one, two", "1 file that systems leave on cards",
    ):  # fmt: skip
        assert told.replace("3 files, ", "3 files") in found.text, told
    (picture,) = found.values("img", "src")
    shown = Image.open(io.BytesIO(base64.b64decode(picture.partition(",")[2])))
    assert (shown.format, shown.size) == ("JPEG", (16, 16))
    assert found.values("img", "alt") == ["Small picture of A.JPG"]
    assert found.values("svg", "aria-label") == ["No picture of this film, MP4"]
    assert "A.xmp" in found.text


def test_the_policy_allows_the_style_that_is_there(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    reported(desk, judged(desk))
    html = (desk.folder / "report.html").read_text("utf-8")
    style = html.partition("<style>")[2].partition("</style>")[0]

    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in html
    assert "url(" not in style
    assert "@import" not in style


def test_a_no_names_what_stands_in_the_way(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    fill(card, {"B.JPG": jpeg(2)})
    (card / "link").symlink_to("A.JPG")
    pulled(desk.folder / "one")
    found = reported(desk, judged(desk))

    require_self_contained(found)
    assert "Safe to format: no" in found.text
    for told in (
        "was never backed up from this card",
        "the drive one is not plugged in",
        "Drives to plug in",
        "link",
    ):
        assert told in found.text, told
    assert len(found.values("img", "src")) == 2, "what has no copy is read from the card"


def test_a_drive_that_is_trusted_is_not_said_to_have_been_seen(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    pulled(desk.folder / "one")
    found = reported(desk, judged(desk, trust_offline=1))

    assert "no, not plugged in" in found.text
    assert "trusted because they were read in the last 1 day" in found.text
    assert "Every copy was looked at" not in found.text


def test_names_can_do_nothing(desk: Desk, card: Path) -> None:
    pictures = [
        '"><img src=x onerror=alert(1)>.JPG',
        "&lt;b&gt;.JPG",
        "\x1b[31mred.JPG",
        "\u202egpj.exe.JPG",
        os.fsdecode(b"caf\xe9.JPG"),
        "two\nlines.JPG",
    ]
    others = ["<script>alert(1)</script>.xmp", "'quoted'.xmp", "</style>.xmp"]
    fill(card, {name: jpeg(number) for number, name in enumerate(pictures)} | dict.fromkeys(others, b"x"))
    desk.backup("one")
    fill(card, {'new"<svg onload=x>.JPG': b"n"})
    found = reported(desk, judged(desk))

    require_self_contained(found)
    assert found.tags.count("img") == len(pictures)
    escaped = ("\\x1b[31mred.JPG", "\\u202egpj.exe.JPG", "caf\\xe9.JPG", "two\\nlines.JPG")
    for name in (*pictures[:2], *escaped, *others, 'new"<svg onload=x>.JPG'):
        assert name in found.text, name
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\u202a-\u202e]", (desk.folder / "report.html").read_text("utf-8")
    )


def test_a_film_is_shown_by_the_picture_beside_it(desk: Desk, card: Path) -> None:
    fill(card, {"DCIM/100/GH010003.MP4": FILM, "DCIM/100/GH010003.THM": jpeg(5)})
    desk.backup("one")
    found = reported(desk, judged(desk))

    assert sorted(found.values("img", "alt")) == [
        "Small picture of GH010003.MP4",
        "Small picture of GH010003.THM",
    ]


def test_pictures_come_from_a_drive_before_the_card(
    desk: Desk, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def answers(_: object, requests: list[tuple[Path, Kind]]) -> Iterator[bytes | None]:
        asked.extend(path for path, _ in requests)
        return iter([None] * len(requests))

    monkeypatch.setattr(ThumbnailPool, "answers", answers)
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    fill(card, {"B.JPG": jpeg(2)})
    found = reported(desk, judged(desk))

    assert asked == [desk.folder / "one/2024/2024-05-01/A.JPG", card / "B.JPG"]
    assert len(found.values("svg", "aria-label")) == 2


def test_nothing_is_written_but_the_report(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    os.utime(card / "A.JPG", ns=(1, 10**18))
    desk.backup("one")
    verdict = judged(desk)
    os.utime(card / "A.JPG", ns=(1, 10**18))
    (desk.folder / "jobs").mkdir()
    before = [snapshot(place) for place in (card, desk.folder / "one")]
    os.utime(card / "A.JPG", ns=(1, 10**18))
    place = check_report(desk.folder / "jobs/report.html", card)
    write_report(
        place, replace(verdict, account=replace(verdict.account, proofs={})), catalog=str(desk.catalog)
    )

    assert (card / "A.JPG").stat().st_atime_ns == 1
    assert names_in(desk.folder / "jobs") == ["report.html"]
    assert snapshot(desk.folder / "one") == before[1]
    assert {path: row[3] for path, row in snapshot(card).items()} == {
        p: row[3] for p, row in before[0].items()
    }


class Full(Disk):
    """Has no room for a report."""

    def write(self, fd: int, view: memoryview) -> None:
        raise OSError(28, "No space left on device")


class Taking(Disk):
    """Somebody takes the name in the last moment."""

    def rename_new(self, source: StrPath, target: StrPath) -> None:
        Path(target).write_text("somebody else's")
        super().rename_new(source, target)


def test_a_report_is_there_whole_or_not_at_all(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    desk.backup("one")
    (desk.folder / "jobs").mkdir()
    place = desk.folder / "jobs/report.html"
    verdict = judged(desk)

    with pytest.raises(DestinationError, match="could not be written: no space left"):
        write_report(place, verdict, catalog=str(desk.catalog), disk=Full())
    assert names_in(desk.folder / "jobs") == []
    with pytest.raises(DestinationError, match="could not be written: file exists"):
        write_report(place, verdict, catalog=str(desk.catalog), disk=Taking())
    assert names_in(desk.folder / "jobs") == ["report.html"]
    assert place.read_text() == "somebody else's"


def test_a_place_that_can_not_be_is_refused_before_any_work(
    desk: Desk, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = desk.make("jobs")
    fill(folder, {"taken.html": b"t"})
    (folder / "dangling.html").symlink_to("nothing")
    (folder / "to_card").symlink_to(card)
    (card / "DCIM").mkdir()
    (folder / "taken-2.html").touch()
    for file, told, typed in (
        (folder / "taken.html", "that name is taken", f"--report {folder}/taken-3.html"),
        (folder / "dangling.html", "that name is taken", f"--report {folder}/dangling-2.html"),
        (folder, "that is a folder", f"--report {folder}/card.html"),
        (folder / "my own/report.html", "there is no folder", f"mkdir -p '{folder}/my own'"),
        (folder / "taken.html/report.html", "there is no folder", "--report ~/card.html"),
        (folder / "to_card/report.html", "on the same volume as .*DCIM", "--report DRIVE/report.html"),
        (card / "DCIM/report.html", "on the card itself", "--report ~/report.html"),
        (folder / "..", "is no name", "--report card.html"),
    ):
        with pytest.raises(UsageError, match=told) as refused:
            check_report(file, card / "DCIM")
        assert refused.value.hint.endswith(typed)
    with pytest.raises(UsageError, match="on the card itself"):
        check_report(folder / "to_card/report.html", card)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(UsageError, match="can't be written to") as refused:
        check_report(folder / "report.html", desk.make("elsewhere"))
    assert refused.value.hint.endswith("--report ~/report.html")


def test_no_report_is_put_into_what_is_mounted_on_the_card(desk: Desk, card: Path) -> None:
    folder = desk.make("jobs")
    (folder / "link").symlink_to(card / "inner")
    with mounted("tmpfs", card / "inner", "-t", "tmpfs"):
        for place in (card / "inner", folder / "link"):
            with pytest.raises(UsageError, match="on the card itself"):
                check_report(place / "report.html", card)


def listed(path: str, **changes: object) -> Listed:
    file = Listed(
        path, 1_234, "ab" * 32, Facts(Kind.IMAGE, "JPEG", "2024-05-01T10:00:00", None), ("one",), None, None
    )
    return replace(file, **changes)  # type: ignore[arg-type]


def test_a_drawn_picture_tells_format_and_length() -> None:
    film = listed("a/B.MOV", facts=Facts(Kind.VIDEO, "MOV", None, 75.0), reason="was changed")
    found = Page("".join(contact_sheet([(film, None), (listed("c/D.CR3", hash=None, drives=()), None)])))

    assert found.values("svg", "aria-label") == [
        "No picture of this film, MOV, 1 min 15 s",
        "No picture of this picture, JPEG",
    ]
    assert found.values("figure", "class") == ["against"]
    assert "not safe: was changed" in found.text
    assert "not read" in found.text


def test_tables_have_heads_for_rows_and_columns() -> None:
    found = Page("".join(file_table("All", [listed("A.JPG"), listed("B.JPG")])))

    assert found.values("th", "scope") == ["col"] * 5 + ["row"] * 2
    assert found.tags.count("thead") == found.tags.count("caption") == 1


def test_of_too_many_pictures_the_rest_is_a_table(
    desk: Desk, card: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_module, "MOST_PICTURES", 2)
    fill(card, {f"{number}.JPG": jpeg(number) for number in range(5)})
    desk.backup("one")
    found = reported(desk, judged(desk))

    assert found.tags.count("figure") == 2
    assert "The first 2 pictures and films are shown; the other 3 are in the table below." in found.text
    for number in range(5):
        assert f"{number}.JPG" in found.text


def test_of_many_reasons_those_in_no_list_are_all_named(desk: Desk, card: Path) -> None:
    fill(card, {"A.JPG": jpeg(1)})
    verdict = judged(desk)
    links = [Reason(f"link {number}", "This is a link.") for number in range(300)]
    files = [Reason(f"{number}.JPG", "was changed") for number in range(300)]
    found = replace(verdict.account.found, paths=[reason.path for reason in files])
    verdict = replace(verdict, reasons=(*links, *files), account=replace(verdict.account, found=found))
    text = Page("".join(page(verdict, Sheet((), ()), [], []))).text

    assert all(link.path in text for link in links)
    assert sum(f"{number}.JPG" in text for number in range(100, 300)) < 100
    assert "280 more, marked in the lists below" in text
