"""`cardcat safe-to-format` without the work itself: what goes in, what comes out."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from tests.cli.conftest import Fake, Run

Golden = Callable[[str, str], None]


def verdict(*reasons: tuple[str, str]) -> SimpleNamespace:
    listed = tuple(SimpleNamespace(path=path, reason=reason) for path, reason in reasons)
    return SimpleNamespace(safe=not reasons, reasons=listed, files=1234, warnings=())


def test_a_card_that_is_safe(cardcat: Run, fake: Fake) -> None:
    def judge(source: Path, *, catalog: str | None, copies: int, full: bool) -> SimpleNamespace:
        assert (source, catalog, copies, full) == (Path("/card"), "/c.db", 2, True)
        return verdict()

    fake("cardcat.safety.verdict", safe_to_format=judge)
    words = ("safe-to-format", "/card", "--copies", "2", "--full", "--catalog", "/c.db")
    plain, with_json = cardcat(*words), cardcat(*words, "--json")
    assert (plain.code, with_json.code) == (0, 0)
    assert plain.out == (
        "Safe to format: yes. /card has 1,234 files, each with at least 2 proved copies "
        "on drives that are plugged in now.\n"
    )
    assert with_json.json == {"safe": True, "reasons": [], "warnings": []}


def test_a_card_that_is_not_safe(cardcat: Run, fake: Fake, golden: Golden) -> None:
    reasons = [(f"DCIM/{number}.JPG", "was never backed up") for number in range(15)]
    reasons += [
        ("DCIM/\udcff[red].JPG", "was changed since it was backed up"),
        ("", "the card is write-only"),
    ]
    fake("cardcat.safety.verdict", safe_to_format=lambda *_, **__: verdict(*reasons))
    plain, with_json = cardcat("safe-to-format", "/card"), cardcat("safe-to-format", "/card", "--json")
    assert (plain.code, with_json.code) == (1, 1)
    golden("cli/safe-to-format-no.txt", plain.out)
    document = with_json.json
    assert set(document) == {"safe", "reasons", "warnings"}
    assert document["safe"] is False
    assert document["reasons"][0] == {"path": "DCIM/0.JPG", "reason": "was never backed up"}
    assert document["reasons"][15]["path_b64"] == base64.b64encode(b"DCIM/\xff[red].JPG").decode()
    assert len(document["reasons"]) == len(reasons)


def test_a_warning_is_told_beside_a_yes(cardcat: Run, fake: Fake) -> None:
    found = verdict()
    found.warnings = (SimpleNamespace(path="C0002.RSV", reason="the recording was not ended"),)
    fake("cardcat.safety.verdict", safe_to_format=lambda *_, **__: found)
    plain, with_json = cardcat("safe-to-format", "/card"), cardcat("safe-to-format", "/card", "--json")

    assert (plain.code, with_json.code) == (0, 0)
    assert plain.out.splitlines()[-1].strip() == "C0002.RSV: the recording was not ended"
    assert with_json.json["warnings"] == [{"path": "C0002.RSV", "warning": "the recording was not ended"}]
