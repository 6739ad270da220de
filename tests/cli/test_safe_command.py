"""`cardcat safe-to-format` without the work itself: what goes in, what comes out."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cardcat.errors import DestinationError, UsageError
from cardcat.model import Evidence, Volume
from cardcat.safety.answer import Account, AwaitedDrive, CountedDrive, Reason, Trusted, Verdict
from tests.cli.conftest import Fake, Run

Golden = Callable[[str, str], None]

NOON = 1_714_564_800  # 2024-05-01 12:00:00 UTC
CARD = Volume("uuid:C", Path("/card"), "C", "exfat", "EOS", "/dev/sdx1", 64_000_000_000, 9)
DRIVE = CountedDrive(
    name="Archive \x1b[31m",
    uuid="a" * 36,
    fs_type="exfat",
    files=1_234,
    size=5_600_000_000,
    evidence=Evidence.READ_BACK_COLD,
    how=("fadvise, 0 pages resident",),
    verified_from=NOON - 60,
    verified_to=NOON,
    is_seen=True,
)
AWAY = CountedDrive("Safe", "b" * 36, None, 9, 99, Evidence.READ_BACK_COLD, (), NOON, NOON, is_seen=False)


def verdict(*reasons: tuple[str, str], **changes: Any) -> Verdict:
    told: dict[str, Any] = {
        "safe": not reasons,
        "reasons": tuple(Reason(*each) for each in reasons),
        "files": 1_234,
        "warnings": (),
        "copies": 2,
        "drives": (DRIVE,),
        "awaited": (),
        "trusted": None,
        "account": Account(Path("/card"), CARD, NOON),
    }
    return Verdict(**(told | changes))


@pytest.fixture
def judges(fake: Fake) -> Callable[[Verdict], list[dict[str, Any]]]:
    """Put that verdict in the place of the judging; what it was asked is kept."""

    def install(found: Verdict) -> list[dict[str, Any]]:
        asked: list[dict[str, Any]] = []

        def judge(source: Path, **how: Any) -> Verdict:
            asked.append({"source": source, **how})
            return found

        fake("cardcat.safety.verdict", safe_to_format=judge)
        return asked

    return install


Judges = Callable[[Verdict], list[dict[str, Any]]]


def test_a_card_that_is_safe(cardcat: Run, judges: Judges, golden: Golden) -> None:
    asked = judges(verdict())
    words = ("safe-to-format", "/card", "--copies", "2", "--full", "--catalog", "/c.db")
    plain, with_json = cardcat(*words), cardcat(*words, "--json")

    assert (plain.code, with_json.code) == (0, 0)
    expected = {"source": Path("/card"), "catalog": "/c.db", "copies": 2, "full": True, "trust_offline": None}
    assert asked == [expected, expected]
    golden("cli/safe-to-format-yes.txt", plain.out)
    assert with_json.json == {
        "safe": True,
        "files": 1_234,
        "copies": 2,
        "reasons": [],
        "warnings": [],
        "drives": [
            {
                "name": "Archive \x1b[31m",
                "uuid": "a" * 36,
                "fs_type": "exfat",
                "files": 1_234,
                "bytes": 5_600_000_000,
                "evidence": "read_back_cold",
                "how": ["fadvise, 0 pages resident"],
                "verified_from": NOON - 60,
                "verified_to": NOON,
                "looked_at_now": True,
            }
        ],
        "drives_to_plug_in": [],
        "trusted_offline": None,
        "report": None,
        "report_error": None,
    }


def test_a_card_that_is_not_safe(cardcat: Run, judges: Judges, golden: Golden) -> None:
    away = (
        "has 1 of 2 proved copies: the drive Safe in the drawer is not plugged in; a copy on the card's own"
    )
    reasons = [(f"DCIM/{number}.JPG", "was never backed up from this card") for number in range(15)]
    reasons += [
        ("DCIM/\udcff[red].JPG", "was changed since it was backed up"),
        ("DCIM/99.JPG", f"{away} disk does not count"),
        ("", "the card is write-only"),
    ]
    judges(verdict(*reasons, awaited=(AwaitedDrive("Safe in the drawer", "b" * 36, 1, NOON),)))
    plain, with_json = cardcat("safe-to-format", "/card"), cardcat("safe-to-format", "/card", "--json")

    assert (plain.code, with_json.code) == (1, 1)
    golden("cli/safe-to-format-no.txt", plain.out)
    assert max(map(len, plain.out.splitlines())) <= 80
    document = with_json.json
    assert document["safe"] is False
    assert document["reasons"][0] == {"path": "DCIM/0.JPG", "reason": "was never backed up from this card"}
    assert document["reasons"][15]["path_b64"] == base64.b64encode(b"DCIM/\xff[red].JPG").decode()
    assert len(document["reasons"]) == len(reasons)
    assert document["drives_to_plug_in"] == [
        {"name": "Safe in the drawer", "uuid": "b" * 36, "files": 1, "last_seen_at": NOON}
    ]


def test_a_backup_is_not_advised_where_plugging_in_is_enough(cardcat: Run, judges: Judges) -> None:
    reasons = [
        (f"{number}.JPG", "has no proved copy: the drive Safe is not plugged in") for number in range(3)
    ]
    judges(verdict(*reasons, awaited=(AwaitedDrive("Safe", "b" * 36, 3, NOON),)))
    assert "cardcat backup" not in cardcat("safe-to-format", "/card").out
    judges(verdict(*reasons, ("4.JPG", "was never backed up"), awaited=(AwaitedDrive("Safe", "b", 3, NOON),)))
    assert "cardcat backup /card DRIVE" in cardcat("safe-to-format", "/card").out


def test_what_was_trusted_is_said(cardcat: Run, judges: Judges) -> None:
    asked = judges(verdict(drives=(DRIVE, AWAY), trusted=Trusted(30, 9)))
    words = ("safe-to-format", "/card", "--trust-offline", "30")
    plain, with_json = cardcat(*words), cardcat(*words, "--json")

    assert [each["trust_offline"] for each in asked] == [30, 30]
    assert "9 files need drives that could not be looked at" in plain.out
    assert "not plugged in" in plain.out
    assert with_json.json["trusted_offline"] == {"days": 30, "files": 9}
    assert [drive["looked_at_now"] for drive in with_json.json["drives"]] == [True, False]


@pytest.mark.parametrize("days", ["0", "-1", "x", "1.5", "36501"])
def test_days_are_a_whole_number(cardcat: Run, judges: Judges, days: str) -> None:
    assert not judges(verdict())
    answer = cardcat("safe-to-format", "/card", f"--trust-offline={days}")
    assert answer.code == 2
    assert "--trust-offline needs a whole number" in answer.err


def test_a_warning_is_told_beside_a_yes(cardcat: Run, judges: Judges) -> None:
    judges(verdict(warnings=(Reason("C0002.RSV", "the recording was not ended"),)))
    plain, with_json = cardcat("safe-to-format", "/card"), cardcat("safe-to-format", "/card", "--json")

    assert (plain.code, with_json.code) == (0, 0)
    assert plain.out.splitlines()[-1].strip() == "C0002.RSV: the recording was not ended"
    assert with_json.json["warnings"] == [{"path": "C0002.RSV", "warning": "the recording was not ended"}]


def test_a_report_is_written_beside_the_answer(cardcat: Run, judges: Judges, fake: Fake) -> None:
    found = verdict(("A.JPG", "was never backed up"))
    judges(found)
    written: list[tuple[Path, Verdict, str | None]] = []

    def write(place: Path, about: Verdict, *, catalog: str | None) -> None:
        written.append((place, about, catalog))

    def check(file: Path, source: Path) -> Path:
        assert (file, source) == (Path("/jobs/card.html"), Path("/card"))
        return Path("/real/card.html")

    fake("cardcat.safety.report", check_report=check, write_report=write)
    words = ("safe-to-format", "/card", "--report", "/jobs/card.html", "--catalog", "/c.db")
    plain, with_json = cardcat(*words), cardcat(*words, "--json")

    assert (plain.code, with_json.code) == (1, 1)
    assert written == [(Path("/real/card.html"), found, "/c.db")] * 2
    assert plain.out.splitlines()[-1] == "Report: /real/card.html"
    assert with_json.json["report"] == "/real/card.html"


def test_a_place_that_can_not_be_ends_it_before_any_work(cardcat: Run, judges: Judges, fake: Fake) -> None:
    asked = judges(verdict())

    def check(file: Path, source: Path) -> Path:
        raise UsageError(f"The report {file} can't be written.")

    fake("cardcat.safety.report", check_report=check)
    answer = cardcat("safe-to-format", "/card", "--report", "/jobs/card.html")

    assert answer.code == 2
    assert "The report /jobs/card.html can't be written." in answer.err
    assert asked == []


@pytest.mark.parametrize("as_json", [False, True])
def test_an_answer_is_said_though_its_report_fails(
    cardcat: Run, judges: Judges, fake: Fake, *, as_json: bool
) -> None:
    judges(verdict())

    def write(place: Path, about: Verdict, *, catalog: str | None) -> None:
        raise DestinationError("The report could not be written: no space left on device.")

    fake("cardcat.safety.report", check_report=lambda file, _: file, write_report=write)
    answer = cardcat("safe-to-format", "/card", "--report", "/a.html", *(["--json"] if as_json else []))

    assert answer.code == 10
    assert "no space left" in (answer.out if as_json else answer.err)
    assert "Report:" not in answer.out
    assert answer.json["safe"] if as_json else answer.out.startswith("Safe to format: yes.")
    if as_json:
        assert answer.json["report"] is None
        assert answer.json["report_error"] == "The report could not be written: no space left on device."
