"""`cardcat index`, as it is typed and as it answers."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from cardcat.errors import CardcatError
from cardcat.indexing import Indexed, IndexedLocation, IndexMode, ScanState
from tests.cli.conftest import Fake, Run
from tests.support import fill, jpeg

Golden = Callable[[str, str], None]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return fill(tmp_path / "library", {"a/A.JPG": jpeg(1), "a/B.JPG": jpeg(2), "notes.txt": b"n"})


def plain(answer: str, folder: Path) -> str:
    return re.sub(r"in \d+\.\d s", "in 0.1 s", answer.replace(str(folder), "/home/me"))


def test_what_a_person_reads(cardcat: Run, golden: Golden, library: Path, tmp_path: Path) -> None:
    said = [cardcat("index", "--dry-run", str(library)), cardcat("index", "--direct", str(library))]
    (library / "a/B.JPG").rename(library / "moved.JPG")
    (library / "notes.txt").unlink()
    (library / "li\x1b[31mnk").symlink_to("moved.JPG")
    said.append(cardcat("index", "--direct", "--exclude", "*.tmp", str(library)))
    library.rename(tmp_path / "elsewhere")
    said.append(cardcat("index", "--direct"))
    assert [answer.code for answer in said] == [0, 0, 1, 3]
    golden("cli/index.txt", plain("\n".join(answer.out for answer in said), tmp_path))


def test_what_a_program_reads(cardcat: Run, library: Path) -> None:
    (library / os.fsdecode(b"\xff")).symlink_to("x")
    answer = cardcat("index", "--direct", "--json", "--mode", "content", str(library))
    assert answer.code == 1
    (each,) = answer.json["locations"]
    assert (each["path"], each["mode"], each["state"]) == (str(library), "content", "complete")
    assert (each["files"], each["new"], each["missing"], each["is_there"]) == (3, 3, 0, True)
    assert each["findings"][0]["path_b64"] == "/w=="
    assert answer.json["flow_run_id"] is None


def test_patterns_are_kept_until_everything_is_asked_for(cardcat: Run, library: Path) -> None:
    def files(*arguments: str) -> int:
        answer = cardcat("index", "--direct", "--json", *arguments)
        found: int = answer.json["locations"][0]["files"]
        return found

    assert files("--include", "*.JPG", "--exclude", "B.*", str(library)) == 1
    assert files() == 1
    assert files("--everything") == 3
    assert files() == 3


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "No folder was indexed yet."),
        ([""], 2, "PATH is an empty name."),
        (["nowhere"], 3, "can't be opened"),
        (["library/notes.txt"], 3, "is a file, not a folder"),
        (["drive"], 2, "is a destination of backups"),
        (["library", "--mode", "shallow"], 2, "--mode"),
        (["library", "--exclude", ""], 2, "One of the patterns is empty."),
        (["library", "--exclude", "x", "--everything"], 2, "--everything forgets"),
    ],
)
def test_what_can_not_be_meant_is_said_in_a_sentence(  # noqa: PLR0917 - fixtures and parameters
    cardcat: Run,
    library: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(library.parent)
    fill(library.parent / "drive", {".cardcat/marker.json": b"{}"})
    answer = cardcat("index", "--direct", *arguments)
    assert (answer.code, said in answer.err) == (code, True), answer.err
    assert "hint: " in answer.err


def test_what_could_not_be_taken_in_is_told_again_without_an_index(
    cardcat: Run, library: Path, tmp_path: Path
) -> None:
    other = fill(tmp_path / "other", {"x.txt": b"x"})
    (library / "a/li\x1b[31mnk").symlink_to("A.JPG")
    (library / "notes").symlink_to("notes.txt")
    assert cardcat("index", "--direct", str(library), str(other)).code == 1
    fill(library, {"new.txt": b"new"})
    told = cardcat("index", "--findings")
    assert (told.code, "\x1b" in told.out) == (0, False)
    assert f"{library}: 2 findings of the last index" in told.out.replace("\n", " ")
    assert f"{other}: the last index took in everything." in told.out
    answer = cardcat("index", "--findings", "--json", str(library / "a"))
    (each,) = answer.json["locations"]
    assert (each["path"], each["location_id"]) == (str(library), 1)
    assert [(x["path"], x["error_type"]) for x in each["findings"]] == [("a/li\x1b[31mnk", "SymbolicLink")]
    assert cardcat("index", "--direct", "--json", "--dry-run", str(library)).json["locations"][0]["new"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["elsewhere"], "was not indexed yet"), (["library", "--mode", "deep"], "--findings lists")],
)
def test_findings_of_what_was_not_indexed_are_not_made_up(
    cardcat: Run, library: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(library.parent)
    answer = cardcat("index", "--findings", *arguments)
    assert answer.code == 2, answer.err
    cardcat("index", "--direct", "library")
    answer = cardcat("index", "--findings", *arguments)
    assert (answer.code, said in answer.err) == (2, True), answer.err


def test_the_page_of_the_run_is_named(cardcat: Run, fake: Fake, library: Path) -> None:
    away = IndexedLocation("/x", "CARD", IndexMode.DEEP, ScanState.COMPLETE, is_there=False)
    fake("cardcat.indexing.witnessed", index_as_flow=lambda *_: Indexed((away,), flow_run_id="17"))
    fake("cardcat.server", status=lambda: SimpleNamespace(ui_url="http://127.0.0.1:4200"))
    told = cardcat("index", str(library))
    assert "The run's page: http://127.0.0.1:4200/runs/flow-run/17" in told.out


def test_without_direct_it_is_a_flow(cardcat: Run, fake: Fake, library: Path) -> None:
    asked: list[object] = []

    def index_as_flow(*given: object) -> Indexed:
        asked.append(given[0])
        raise CardcatError("as a flow")

    fake("cardcat.indexing.witnessed", index_as_flow=index_as_flow)
    assert cardcat("index", str(library)).code == 1
    assert asked == [[library]]
