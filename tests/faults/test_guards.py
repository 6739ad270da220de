"""The lists of guards are those of the program, the tests and the page. Taking them out is `just guards`."""

from __future__ import annotations

import ast
import builtins
import importlib.util
import symtable
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from tests.faults.faulty import KINDS
from tests.faults.guards import GUARDS, Guard
from tests.program_text import CHECKOUT, tree

_LISTS = CHECKOUT / "tests/faults"


def by_name(guard: Guard) -> str:
    return guard.name


@cache
def functions(file: str) -> frozenset[str]:
    """The functions of a test module, as pytest names them."""
    found = set()
    for node in tree(CHECKOUT / file).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
    return frozenset(found)


def unknown_names(text: str) -> set[str]:
    """The names that a module uses and that nobody gives it: whoever gets to them meets a NameError."""
    module = symtable.symtable(text, "<guard>", "exec")
    given = {each.get_name() for each in module.get_symbols() if each.is_assigned() or each.is_imported()}
    used = {each.get_name() for table in tables(module) for each in table.get_symbols() if each.is_global()}
    return used - given - set(dir(builtins))


def tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from tables(child)


@pytest.mark.parametrize("guard", GUARDS, ids=by_name)
def test_each_guard_stands_once_and_its_test_is_there(guard: Guard) -> None:
    text = (CHECKOUT / guard.file).read_text("utf-8")
    assert text.count(guard.text) == 1, f"{guard.file} has it {text.count(guard.text)} times: {guard.text!r}"
    file, _, name = guard.test.partition("::")
    name, _, row = name.partition("[")
    assert name in functions(file), f"{file} has no {name}"
    assert not row or (file == "tests/faults/test_table.py" and row.rstrip("]") in KINDS)


@pytest.mark.parametrize("guard", GUARDS, ids=by_name)
def test_what_is_left_without_it_is_a_program(guard: Guard) -> None:
    """One that fails for another reason than the missing guard would show nothing."""
    text = (CHECKOUT / guard.file).read_text("utf-8")
    without = text.replace(guard.text, guard.without)
    assert without != text
    assert unknown_names(without) <= unknown_names(text)


def test_no_two_guards_have_one_name() -> None:
    assert len({guard.name for guard in GUARDS}) == len(GUARDS)


def test_every_list_is_taken_in() -> None:
    names = [path.stem for path in _LISTS.glob("guards_*.py")]
    lists = [getattr(importlib.import_module(f"tests.faults.{name}"), name[7:].upper(), ()) for name in names]
    assert {guard.name for some in lists for guard in some} == {guard.name for guard in GUARDS}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("take_out_guards", CHECKOUT / "scripts/take_out_guards.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_lists_these_guards(script: ModuleType) -> None:
    page = Path(script.PAGE).read_text("utf-8")
    assert script.with_tables(page, script.AREAS) == page, "run: python scripts/take_out_guards.py"
