from __future__ import annotations

import base64
import errno
import io
import json
import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardcat import text
from cardcat.cli import output
from cardcat.cli.output import Column
from cardcat.cli.streams import tolerant_streams
from cardcat.errors import CardcatError

HOSTILE = "\x1b]0;owned\x07[red]\nname\u202e\x9b"


class Broken(io.StringIO):
    """A stream whose every use fails."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error
        self.refused: list[str] = []

    def write(self, text: str) -> int:
        self.refused.append(text)
        raise self.error

    def flush(self) -> None:
        raise self.error

    def isatty(self) -> bool:
        raise self.error


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_name_never_reaches_a_terminal_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    output.say(HOSTILE)
    output.note(HOSTILE)
    output.table([Column("Name")], [[HOSTILE]])
    said = capsys.readouterr()
    for shown in (said.out, said.err):
        assert "[red]\\nname" in shown
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "\x9b" not in shown


def test_json_is_ascii_and_has_no_lone_surrogates(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit({"text": "Zürich \udcff", "list": ["\udcfe"], "number": 1, "none": None})
    shown = capsys.readouterr().out
    assert shown.isascii()
    assert json.loads(shown) == {"text": "Zürich \\xff", "list": ["\\xfe"], "number": 1, "none": None}


def test_a_path_that_is_no_text_keeps_its_bytes() -> None:
    assert output.path_fields("a/b") == {"path": "a/b"}
    odd = output.path_fields("a/\udcff", "source_path")
    assert odd["source_path"] == "a/\\xff"
    assert base64.b64decode(str(odd["source_path_b64"])) == b"a/\xff"
    assert output.path_fields(None, "log") == {"log": None}


CELL = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Zl", "Zp", "Co", "Cn", "Mn", "Me"))
)


@given(st.lists(st.tuples(CELL, CELL, st.integers(0, 10**6).map(str)), max_size=5), st.integers(40, 120))
def test_a_table_fits(rows: list[tuple[str, str, str]], width: int) -> None:
    columns = [Column("Source", shrinks=True), Column("Destination", shrinks=True), Column("N", right=True)]
    fitted = [[column.title for column in columns], *output.fitted(columns, rows, width)]
    taken = [max(map(text.width, cells)) for cells in zip(*fitted, strict=True)]
    assert sum(taken) + 2 * (len(columns) - 1) <= width


def test_what_fits_is_not_shortened() -> None:
    columns = [Column("A", shrinks=True), Column("B", shrinks=True)]
    short, long = "x" * 10, "y" * 100
    (row,) = output.fitted(columns, [[short, long]], 80)
    assert row[0] == short
    assert text.width(row[1]) == 80 - 2 - 10


def test_a_table_takes_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    path = "/media/photographer/" + "very-long-folder-name/" * 8
    output.table([Column("Path", shrinks=True), Column("N", right=True)], [[path, "1"], ["/short", "2,000"]])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(text.width, lines)) == 80
    assert lines[0].rstrip().startswith("Path")
    assert lines[2].endswith("2,000")


@pytest.mark.parametrize("no_color", [True, False])
def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch, no_color: bool) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("TERM", "xterm")
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    output.say("all is well", style="green")
    assert ("\x1b[32m" in terminal.getvalue()) is not no_color


def test_no_colours_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    output.table([Column("Status")], [["failed"]])
    assert "\x1b" not in capsys.readouterr().out


def test_a_reader_who_has_gone_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Broken(BrokenPipeError())
    monkeypatch.setattr(sys, "stdout", broken)
    with tolerant_streams():
        output.say("nobody reads this")
        sys.stdout.flush()
    assert "nobody reads this" in "".join(broken.refused)


def test_what_is_left_for_a_reader_who_has_gone_goes_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        with tolerant_streams():
            output.say("nobody reads this")
            sys.stdout.flush()
        assert os.fstat(writing).st_rdev == os.stat(os.devnull).st_rdev  # noqa: PTH116 - of an open file


def test_a_full_disk_below_standard_output_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Broken(OSError(errno.ENOSPC, "No space left on device")))
    with tolerant_streams(), pytest.raises(CardcatError, match="No space left on device while the answer"):
        output.emit({})


def test_a_closed_terminal_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Broken(OSError(errno.EIO, "Input/output error")))
    with tolerant_streams():
        output.note("nobody reads this")
        assert not sys.stderr.isatty()


@pytest.mark.parametrize(
    ("closed", "other", "heard"),
    [("stdout", "stderr", "a note\n"), ("stderr", "stdout", "an answer\n{}\n")],
)
def test_streams_may_be_closed_from_the_start(
    monkeypatch: pytest.MonkeyPatch, closed: str, other: str, heard: str
) -> None:
    monkeypatch.setattr(sys, closed, None)
    monkeypatch.setattr(sys, other, io.StringIO())
    with tolerant_streams():
        output.say("an answer")
        output.note("a note")
        output.emit({})
        sys.stdout.flush()
        assert not getattr(sys, closed).isatty()
    assert getattr(sys, other).getvalue() == heard


def test_an_encoding_that_lacks_a_letter_gets_it_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    below = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", below)
    with tolerant_streams():
        output.say("Zürich")
        sys.stdout.flush()
    assert below.buffer.getvalue() == b"Z\\xfcrich\n"
