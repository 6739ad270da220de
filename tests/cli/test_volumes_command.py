"""`cardcat volumes show`: what would be lost with a drive, for a person and for a program."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from cardcat.storage.volumes import mounted_volumes
from tests.cli.conftest import Run
from tests.support import Desk, fill, jpeg

CARD = {f"DCIM/IMG_{n}.JPG": jpeg(n) for n in range(3)} | {"DCIM/IMG_1.xmp": b"x"}


@pytest.fixture
def backed_up(desk: Desk) -> Desk:
    """A card that was backed up to a folder of this computer."""
    fill(desk.card, CARD)
    desk.backup("drive")
    with desk.writing() as c:
        c.execute("UPDATE volumes SET label = 'ARCHIVE'")
        c.execute("UPDATE file_locations SET evidence = 'read_back_cold'")
    return desk


@pytest.fixture
def unplugged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cardcat.safety.protection.mounted_volumes", list)


@pytest.mark.usefixtures("unplugged")
def test_what_would_be_lost_is_said_and_what_to_do(cardcat: Run, backed_up: Desk) -> None:
    answer = cardcat("volumes", "show", "ARCHIVE", "--catalog", str(backed_up.catalog))

    assert answer.code == 0
    assert "not plugged in" in answer.out
    assert "If it died, this would be lost: 3 photos, 1 sidecar" in answer.out
    assert "On fewer than 2 drives: 3 photos, 1 sidecar" in answer.out
    assert "IMG_0.JPG (only here)" in answer.out
    assert "cardcat backup DRIVE OTHER-DRIVE" in answer.out


@pytest.mark.usefixtures("unplugged")
def test_one_drive_may_be_all_that_is_wanted(cardcat: Run, backed_up: Desk) -> None:
    answer = cardcat("volumes", "show", "ARCHIVE", "--copies", "1", "--catalog", str(backed_up.catalog))

    assert "this would be lost" in answer.out
    assert "fewer than" not in answer.out


@pytest.mark.usefixtures("unplugged")
def test_the_document_names_every_file(cardcat: Run, backed_up: Desk) -> None:
    document = cardcat("volumes", "show", "ARCHIVE", "--json", "--catalog", str(backed_up.catalog)).json

    assert document["only_here"]["image"]["contents"] == 3
    assert document["mount_point"] is None
    assert document["copies_wanted"] == 2
    assert len(document["files"]) == len(CARD)
    assert document["are_all_files_named"]
    assert {each["only_here"] for each in document["files"]} == {True}
    assert document["evidence"][0]["copies"] == len(CARD)


@pytest.mark.usefixtures("unplugged")
def test_where_not_every_file_is_named_that_is_said(
    cardcat: Run, backed_up: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cardcat.cli.volumes._MOST_IN_JSON", 2)
    monkeypatch.setattr("cardcat.safety.protection.EXAMPLES", 1)
    words = ("volumes", "show", "ARCHIVE", "--catalog", str(backed_up.catalog))

    assert "… and 3 more files (--all names them)" in cardcat(*words).out
    document = cardcat(*words, "--json").json
    assert (len(document["files"]), document["are_all_files_named"]) == (2, False)
    document = cardcat(*words, "--json", "--all").json
    assert (len(document["files"]), document["are_all_files_named"]) == (4, True)
    assert "more file" not in cardcat(*words, "--all").out


def test_a_clone_beside_it_is_said(cardcat: Run, backed_up: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ((key,),) = backed_up.ask("SELECT key FROM volumes")
    here = next(each for each in mounted_volumes() if each.key == key)
    twin = dataclasses.replace(here, mount_point=Path("/mnt/twin"), device="/dev/twin")
    monkeypatch.setattr("cardcat.safety.protection.mounted_volumes", lambda: [here, twin])

    answer = cardcat("volumes", "show", "ARCHIVE", "--catalog", str(backed_up.catalog))

    assert "plugged in twice" in answer.out


@pytest.mark.usefixtures("unplugged")
def test_of_a_card_it_is_said_that_nothing_is_kept_there(cardcat: Run, backed_up: Desk) -> None:
    with backed_up.writing() as c:
        c.execute("UPDATE locations SET role = 'source'")
        c.execute("UPDATE file_locations SET role = 'source'")

    assert "It is a card" in cardcat("volumes", "show", "ARCHIVE", "--catalog", str(backed_up.catalog)).out


@pytest.mark.usefixtures("unplugged")
def test_a_name_with_an_escape_does_not_reach_the_terminal(cardcat: Run, backed_up: Desk) -> None:
    with backed_up.writing() as c:
        c.execute("UPDATE volumes SET label = ?", ("A\x1b[2J",))
        c.execute("UPDATE file_locations SET name = ? WHERE name LIKE '%0.JPG'", ("B\x1b[2J.JPG",))

    answer = cardcat("volumes", "show", "A\x1b[2J", "--catalog", str(backed_up.catalog))

    assert (answer.code, "\x1b" in answer.out) == (0, False)
    missing = cardcat("volumes", "show", "C\x1b[2J", "--catalog", str(backed_up.catalog))
    assert (missing.code, "\x1b" in missing.err) == (2, False)


@pytest.mark.usefixtures("unplugged")
def test_a_drive_that_nobody_knows_is_wrong_usage(cardcat: Run, backed_up: Desk) -> None:
    answer = cardcat("volumes", "show", "nothing", "--catalog", str(backed_up.catalog))

    assert answer.code == 2
    assert "No drive is known as nothing" in answer.err
    assert "cardcat volumes list" in answer.err


def test_without_a_catalog_nothing_is_made(cardcat: Run, tmp_path: Path) -> None:
    answer = cardcat("volumes", "show", "ARCHIVE", "--catalog", str(tmp_path / "none.db"))

    assert answer.code == 0
    assert "no catalog" in (answer.out + answer.err).lower()
    assert not (tmp_path / "none.db").exists()
