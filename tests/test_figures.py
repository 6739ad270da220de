"""The figures that people read are those that were measured."""

from __future__ import annotations

from benchmarks import pages
from benchmarks.__main__ import SCRIPTS
from benchmarks.results import read

FILES = pages.files_of(pages.RESULTS, SCRIPTS)


def test_the_page_is_made_of_the_results() -> None:
    written = (pages.HERE / "docs/benchmarks.md").read_text(encoding="utf-8")
    assert written == pages.page(FILES, pages.RESULTS / "growth.json")


def test_so_is_the_table_of_the_readme() -> None:
    readme = (pages.HERE / "README.md").read_text(encoding="utf-8")
    assert "| work | against |" in readme
    assert pages.with_figures(readme, FILES) == readme


def test_a_goal_that_was_missed_says_so() -> None:
    missed = [one for file in FILES for one in read(file) if not one.is_reached]
    page = pages.page(FILES)
    assert page.count(", not reached") == len(missed)
