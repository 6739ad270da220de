"""A check by night: what it knows of earlier nights, and what it says on the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from cardcat.checking import Checked, check, seconds
from cardcat.errors import DestinationError, UsageError
from cardcat.markdown import cell, code
from cardcat.reporting import Silent
from cardcat.summaries import verify_summary, wrong_line, wrong_table
from tests.care.bad import rot
from tests.drives import drive
from tests.support import Desk, fill, jpeg

DAY = "2024/2024-05-01"


@pytest.fixture
def backed_up(desk: Desk) -> Desk:
    fill(desk.card, {"A.JPG": jpeg(1), "B|<a>.JPG": jpeg(2)})
    desk.backup("one")
    return desk


def checked(desk: Desk, given: str | None = None, budget: float | None = None) -> Checked:
    found = check(str(desk.catalog), given, budget=budget, reporter=Silent())
    assert found is not None
    return found


def test_all_is_right(backed_up: Desk) -> None:
    found = checked(backed_up)
    assert wrong_line(found.found) == "2 copies checked, all of them right."
    assert found.earlier == []
    assert "Next: nothing." in verify_summary(found.found, found.earlier, None)


def test_what_is_wrong_is_named_with_the_next_command(backed_up: Desk) -> None:
    bad = backed_up.folder / "one" / DAY / "A.JPG"
    rot(bad)
    found = checked(backed_up)
    words = verify_summary(found.found, found.earlier, str(backed_up.catalog))
    assert wrong_line(found.found) == "2 copies checked: 1 damaged."
    assert f"- `{bad}`: damaged" in words
    assert f"    cardcat repair --catalog {backed_up.catalog}" in words
    (row,) = wrong_table(found.found)
    assert (row["file"], row["trouble"]) == (f"{DAY}/A.JPG", "damaged")


def test_what_an_earlier_check_found_is_not_forgotten(backed_up: Desk) -> None:
    bad = backed_up.folder / "one" / DAY / "A.JPG"
    rot(bad)
    checked(backed_up)
    with backed_up.writing() as c:
        c.execute("UPDATE copy_findings SET found_at = 5")
    again = checked(backed_up)
    assert len(again.found.wrong) == 1
    assert again.earlier == [], "it was found again just now"
    with backed_up.writing() as c:
        c.execute("UPDATE copy_checks SET checked_at = 4000000000 WHERE file_location_id IN "
                  "(SELECT file_location_id FROM copy_findings)")  # fmt: skip
    found = check(str(backed_up.catalog), None, budget=1e-9, reporter=Silent())
    assert found is not None
    assert found.found.wrong == []
    assert len(found.earlier) == 1
    assert "1 copy that was not right at an earlier check" in verify_summary(found.found, found.earlier, None)


def test_a_name_on_the_page_is_no_markup(backed_up: Desk) -> None:
    rot(backed_up.folder / "one" / DAY / "B|<a>.JPG")
    found = checked(backed_up).found
    (row,) = wrong_table(found)
    assert "|" not in row["file"]
    assert "<" not in row["file"]
    assert "B|" not in verify_summary(found, [], None)
    assert cell("[x](y) `z`") == "[x] (y) 'z'"
    assert code("a`b\n") == "`a'b\\n`"


def test_without_a_catalog_there_is_nothing_to_check(tmp_path: Path) -> None:
    assert check(str(tmp_path / "nowhere" / "catalog.db"), None, budget=None, reporter=Silent()) is None
    assert not (tmp_path / "nowhere").exists()


def test_what_is_named_and_out_of_reach_is_an_error(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1)})
    with drive(desk.folder / "one", label="ONE"):
        desk.backup("one")
    with pytest.raises(DestinationError, match="Nothing of ONE can be reached") as told:
        checked(desk, "ONE")
    assert "Plug in ONE" in told.value.hint
    words = verify_summary(checked(desk).found, [], None)
    assert "plug in" in words
    assert "- `ONE`: 1 copy" in words


@pytest.mark.parametrize(("given", "wanted"), [(None, None), ("", None), ("90s", 90), ("1h30m", 5_400)])
def test_a_budget(given: str | None, wanted: float | None) -> None:
    assert seconds(given) == wanted


def test_a_budget_that_is_none_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="no length of time"):
        seconds("soon")
