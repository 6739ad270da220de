"""The list of guards is that of the program, the tests and the page. Taking them out is `just guards`."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tests.faults.faulty import KINDS
from tests.faults.guards import GUARDS, Guard
from tests.program_text import CHECKOUT, tree


def by_name(guard: Guard) -> str:
    return guard.name


@pytest.mark.parametrize("guard", GUARDS, ids=by_name)
def test_each_guard_stands_once_and_its_test_is_there(guard: Guard) -> None:
    text = (CHECKOUT / guard.file).read_text("utf-8")
    assert text.count(guard.text) == 1, f"{guard.file} has it {text.count(guard.text)} times: {guard.text!r}"
    ast.parse(text.replace(guard.text, guard.without))
    file, _, name = guard.test.partition("::")
    name, _, row = name.partition("[")
    functions = {node.name for node in ast.walk(tree(CHECKOUT / file)) if isinstance(node, ast.FunctionDef)}
    assert name in functions, f"{file} has no {name}"
    assert not row or row.rstrip("]") in KINDS


def test_no_two_guards_have_one_name() -> None:
    assert len({guard.name for guard in GUARDS}) == len(GUARDS)


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
    assert script.with_table(page, GUARDS) == page, "run: python scripts/take_out_guards.py"
