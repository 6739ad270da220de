"""Texts, flags and what our own parsers parse need no library that checks types: a fifth of a second."""

from __future__ import annotations

import subprocess
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from cardcat.cli.plain_values import take_plain_values


class Colour(Enum):
    RED = "red"


def doubled(given: str | int) -> int:  # a default is a number already
    if not str(given).isdigit():
        raise ValueError(f"{given} is no number")
    return 2 * int(given)


@pytest.mark.parametrize(
    "words",
    [
        ["duplicates", "find", "--min-size", "1KB", "--exclude", "x", "--csv"],
        ["backup", "--direct", "--layout", "tree", "no/such/card"],
        ["index", "--direct", "--mode", "content", "--dry-run"],
    ],
)
def test_a_command_starts_without_it(tmp_path: Path, words: list[str]) -> None:
    script = (
        "import sys\nfrom cardcat.cli.main import main\n"
        "main(sys.argv[1:])\nsys.exit('pydantic' in sys.modules)"
    )
    words = [*words, str(tmp_path)]
    subprocess.run([sys.executable, "-c", script, *words], check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a", "b"], "['a', 'b'] None 2 False"),
        (["a", "--word", "w", "--number", "4", "--flag"], "['a'] w 8 True"),
        (["a", "--number", "x"], "x is no number"),
        (["a", "--colour", "red"], "['a'] None 2 False"),
        (["a", "--colour", "green"], "'green' is not one of 'red'"),
    ],
)
def test_values_are_what_they_were(arguments: list[str], said: str) -> None:
    take_plain_values()
    app = typer.Typer(rich_markup_mode=None)

    @app.command()
    def show(
        names: list[str],
        *,
        word: str | None = None,
        number: Annotated[int, typer.Option(parser=doubled)] = 1,
        flag: bool = False,
        colour: Colour = Colour.RED,
    ) -> None:
        assert colour is Colour.RED
        typer.echo(f"{names} {word} {number} {flag}")

    assert said in CliRunner().invoke(app, arguments).output
