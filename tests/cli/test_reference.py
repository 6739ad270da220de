from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cardcat.cli import reference
from cardcat.errors import ERRORS, CardcatError

DOCS = Path(__file__).parents[2] / "docs"
PAGES = dict(reference.help_pages())
COMMANDS = [path for path, page in PAGES.items() if "COMMAND [ARGS]" not in page]


def test_the_page_of_exit_codes_is_what_the_errors_say(golden: Callable[[Path, str], None]) -> None:
    golden(DOCS / "exit-codes.md", reference.exit_codes())


def test_the_page_of_commands_is_what_their_help_says(golden: Callable[[Path, str], None]) -> None:
    golden(DOCS / "cli.md", reference.command_line())


def test_every_class_of_error_is_on_the_page() -> None:
    def below(kind: type[CardcatError]) -> set[type[CardcatError]]:
        return {kind}.union(*map(below, kind.__subclasses__()))

    ours = {kind for kind in below(CardcatError) if kind.__module__ == "cardcat.errors"}
    assert {kind for kind in ours if "exit_code" in vars(kind)} == set(ERRORS)
    assert len({kind.exit_code for kind in ERRORS}) == len(ERRORS)


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_shows_an_example_that_is_one_of_it(path: str) -> None:
    _, _, examples = PAGES[path].partition("Example:\n")
    lines = examples.splitlines()
    assert lines
    assert all(line.strip().startswith(path) for line in lines)


@pytest.mark.parametrize("path", PAGES)
def test_help_fits_80_columns(path: str) -> None:
    assert max(map(len, PAGES[path].splitlines())) <= 80


def test_the_list_of_commands_cuts_no_sentence() -> None:
    for page in PAGES.values():
        _, _, commands = page.partition("\nCommands:\n")
        assert "..." not in commands
