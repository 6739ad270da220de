"""Whatever ends a command: the sentence, the exit code, and with --json one document."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cardcat.errors import ERRORS, CardcatError, CatalogError
from tests.cli.conftest import Fake, Run

WRONG = [
    ("nonsense",),
    ("--nonsense",),
    ("backup",),
    ("backup", "/card"),
    ("backup", "", "/drive"),
    ("backup", "/card", ""),
    ("backup", "/card", "/drive", "--layout", "flat"),
    ("backup", "/card", "/drive", "--layout"),
    ("backup", "/card", "/drive", "--timezone", "Mars/Olympus"),
    ("backup", "/card", "/drive", "--timezone", ""),
    ("backup", "/card", "/drive", "--timezone", "../../etc/passwd"),
    ("backup", "/card", "/drive", "--timezone", "Europe"),
    ("backup", "/card", "/drive", "--exclude", ""),
    ("backup", "/card", "/drive", "--nonsense"),
    ("backup", "/card", "/drive", "--catalog", ""),
    ("safe-to-format",),
    ("safe-to-format", ""),
    ("safe-to-format", "/card", "--copies", "0"),
    ("safe-to-format", "/card", "--copies", "many"),
    ("safe-to-format", "/card", "/other"),
    ("sessions",),
    ("sessions", "nonsense"),
    ("sessions", "list", "--limit", "0"),
    ("sessions", "list", "--limit", "-1"),
    ("sessions", "list", "--limit", "1e3"),
    ("sessions", "show"),
    ("sessions", "show", "x"),
    ("sessions", "show", "0"),
    ("sessions", "show", "-1"),
    ("sessions", "show", "1.5"),
    ("sessions", "show", "99999999999999999999999999"),
    ("sessions", "show", "9223372036854775807"),
    ("sessions", "errors", "12"),
    ("sessions", "rerun", "12"),
    ("volumes",),
    ("volumes", "nonsense"),
    ("catalog",),
    ("catalog", "backup"),
    ("catalog", "backup", ""),
    ("catalog", "restore", ""),
    ("catalog", "restore", "/no/such/file", "--yes"),
    ("server",),
    ("init",),
    ("init", ""),
    ("\udcff\x1b[31m",),
    ("backup", "/card", "/drive", "--\udcff"),
]


@pytest.mark.parametrize("arguments", WRONG, ids=repr)
def test_wrong_usage_is_a_sentence_and_a_hint(cardcat: Run, arguments: tuple[str, ...]) -> None:
    answer = cardcat(*arguments)
    assert answer.code == 2
    assert answer.out == ""
    message, hint = answer.err.splitlines()
    assert message
    assert hint.startswith("hint: ")
    assert "\x1b" not in answer.err


@pytest.mark.parametrize("arguments", WRONG, ids=repr)
def test_wrong_usage_with_json_is_one_document(cardcat: Run, arguments: tuple[str, ...]) -> None:
    answer = cardcat(*arguments, "--json")
    error = answer.json["error"]
    assert answer.code == error["exit_code"] == 2
    assert error["message"]
    assert set(error) == {"message", "hint", "exit_code"}


@pytest.mark.parametrize(
    ("words", "sentence", "hint"),
    [
        ("sessions show x", "'x' is not the number of a session.", "List them: cardcat sessions list"),
        ("sessions show 1.5", "'1.5' is not the number of a session.", "List them: cardcat sessions list"),
        (
            "sessions list --limit 0",
            "--limit needs a whole number from 1 to 1,000,000, not '0'.",
            "For example: --limit 2",
        ),
        (
            "safe-to-format /card --copies many",
            "--copies needs a whole number from 1 to 1,000, not 'many'.",
            "For example: --copies 2",
        ),
        (
            "safe-to-format /media/My Card",
            "Not expected here: Card. A name with spaces needs quotes.",
            "cardcat safe-to-format --help",
        ),
        ("backup a b --layout", "--layout needs a value after it.", "cardcat backup --help"),
        (
            "backup a b --layout flat",
            "--layout: 'flat' is not one of 'dated', 'tree'.",
            "cardcat backup --help",
        ),
        ("backup a b --recheck=1", "--recheck stands alone: it takes no value.", "cardcat backup --help"),
        ("catalog restore", "FILE is not given.", "cardcat catalog restore --help"),
        ("sessions nope", "No such command 'nope'.", "cardcat sessions --help"),
        ("--catalog", "--catalog needs a value after it.", "cardcat --help"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(cardcat: Run, words: str, sentence: str, hint: str) -> None:
    answer = cardcat(*words.split())
    assert (answer.code, answer.err) == (2, f"{sentence}\nhint: {hint}\n")


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_is_told_and_its_class_is_the_exit_code(
    cardcat: Run, fake: Fake, kind: type[CardcatError]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise kind("The drive \x1b[31m\udcff is full.", hint="Make room.")

    fake("cardcat.safety.verdict", safe_to_format=fail)
    plain, with_json = cardcat("safe-to-format", "/card"), cardcat("safe-to-format", "/card", "--json")
    assert plain.code == with_json.code == kind.exit_code
    assert plain.err == "The drive \\x1b[31m\\xff is full.\nhint: Make room.\n"
    assert plain.out == ""
    assert with_json.json["error"] == {
        "message": "The drive \x1b[31m\\xff is full.",
        "hint": "Make room.",
        "exit_code": kind.exit_code,
    }


def test_after_two_dashes_json_is_a_name(cardcat: Run, fake: Fake) -> None:
    def fail(*_: object, **__: object) -> None:
        raise CatalogError("No.")

    fake("cardcat.safety.verdict", safe_to_format=fail)
    answer = cardcat("safe-to-format", "--", "--json")
    assert (answer.code, answer.out, answer.err) == (20, "", "No.\n")


def test_ctrl_c_anywhere_is_a_sentence(cardcat: Run, fake: Fake) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    fake("cardcat.safety.verdict", safe_to_format=interrupted)
    plain = cardcat("safe-to-format", "/card")
    assert (plain.code, plain.out, plain.err) == (130, "", "Cancelled.\n")
    assert cardcat("safe-to-format", "/card", "--json").json["error"]["exit_code"] == 130


def test_a_bug_is_raised_after_the_document_was_written(
    cardcat: Run, fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by zero")

    fake("cardcat.safety.verdict", safe_to_format=broken)
    with pytest.raises(ZeroDivisionError):
        cardcat("safe-to-format", "/card", "--json")
    assert '"ZeroDivisionError: by zero"' in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [(), ("sessions",), ("backup",), ("catalog", "restore")])
def test_help(cardcat: Run, arguments: tuple[str, ...]) -> None:
    for option in ("--help", "-h"):
        answer = cardcat(*arguments, option)
        assert answer.code == 0
        assert answer.out.startswith(" ".join(("Usage: cardcat", *arguments)))


def test_nothing_to_do_shows_what_there_is(cardcat: Run) -> None:
    answer = cardcat()
    assert (answer.code, answer.out) == (2, "")
    assert "Commands:" in answer.err


def test_version(cardcat: Run) -> None:
    answer = cardcat("--version")
    assert answer.code == 0
    assert re.fullmatch(r"cardcat (\d+\.\d+\.\d+|\(not installed\))\n", answer.out)


@pytest.mark.parametrize(
    ("arguments", "chosen"),
    [
        ((), "from-environment"),
        (("--catalog", "before"), "before"),
        (("/card", "--catalog", "after"), "after"),
        (("--catalog", "before", "/card", "--catalog", "after"), "after"),
    ],
)
def test_the_catalog_is_named_before_or_after_the_verb_or_in_the_environment(
    cardcat: Run, fake: Fake, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], chosen: str
) -> None:
    seen: list[str | None] = []

    def stop_here(*_: object, catalog: str | None, **__: Any) -> None:
        seen.append(catalog)
        raise CardcatError("Enough.")

    fake("cardcat.safety.verdict", safe_to_format=stop_here)
    monkeypatch.setenv("CARDCAT_CATALOG", "from-environment")
    before = arguments[: arguments.index("/card")] if "/card" in arguments else arguments
    cardcat(*before, "safe-to-format", "/card", *arguments[len(before) + 1 :])
    assert seen == [chosen]


def test_a_working_folder_that_is_gone_is_a_sentence(
    cardcat: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    answer = cardcat("backup", "card", "/drive")
    assert answer.code == 2
    assert answer.err.startswith("The working folder can't be used to find SOURCE card: No such file")
