"""The pages of docs/ that say what the program says itself: exit codes, and the help of every command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from typer.core import TyperGroup

from cardcat.cli.app import command
from cardcat.errors import ERRORS

if TYPE_CHECKING:
    from typer._click.core import Context  # what make_context returns; it has no public name

_CODES = """\
# Exit codes

What `cardcat` returns to the shell, from the error classes in `src/cardcat/errors.py`.
`--json` answers with the same number as `exit_code` if a command fails.

| code | meaning |
|---:|---|
| 0 | done |
"""

_HELP = """\
# The command line

`cardcat VERB --help` says the same. The numbers that commands end with are in [exit-codes.md](exit-codes.md).
`--catalog` may stand before the verb too. With `--json` there is exactly one JSON document on standard
output, also if the command fails: `{"error": {"message": …, "hint": …, "exit_code": …}}`; progress and
messages go to standard error.
"""


def exit_codes() -> str:
    """The page docs/exit-codes.md."""
    return _CODES + "".join(f"| {error.exit_code} | {error.meaning} |\n" for error in ERRORS)


def command_line() -> str:
    """The page docs/cli.md."""
    return _HELP + "".join(f"\n## {path}\n\n```text\n{text}\n```\n" for path, text in help_pages())


def help_pages() -> Iterator[tuple[str, str]]:
    """Every command by what is typed for it, and its help, 80 columns wide."""
    root = command()
    yield from _pages(root, root.make_context("cardcat", [], resilient_parsing=True, terminal_width=80))


def _pages(group: TyperGroup, context: Context) -> Iterator[tuple[str, str]]:
    yield context.command_path, group.get_help(context)
    for name in group.list_commands(context):
        one = group.get_command(context, name)
        if one is None:
            continue
        below = one.make_context(name, [], parent=context, resilient_parsing=True)
        if isinstance(one, TyperGroup):
            yield from _pages(one, below)
        else:
            yield below.command_path, one.get_help(below)
