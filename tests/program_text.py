"""The program as a text: what it imports, and which calls of it write files."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
PACKAGE = CHECKOUT / "src" / "cardcat"

WRITES = {"write_text", "write_bytes", "unlink", "mkdir", "rmdir", "touch", "symlink_to", "hardlink_to"}
OS_WRITES = set("remove replace rename unlink mkdir makedirs rmdir link symlink truncate".split())
SHUTIL_WRITES = {"copy", "copy2", "copyfile", "copyfileobj", "copytree", "move", "rmtree"}


@dataclass(frozen=True)
class Import:
    """One import of one file."""

    file: str
    line: int
    module: str
    name: str  # `sqlalchemy.Connection`, where that is imported from sqlalchemy
    typing_only: bool  # inside `if TYPE_CHECKING`
    lazy: bool  # inside a function

    @property
    def root(self) -> str:
        """The distribution, so to say: `sqlalchemy` of `sqlalchemy.sql.dml`."""
        return self.module.split(".")[0]

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.module}"


def files(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


PROGRAM = files(PACKAGE, CHECKOUT / "flows", CHECKOUT / "tasks")


def name_of(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> list[Import]:
    return list(_imports(name_of(path), tree(path).body, typing_only=False, lazy=False))


def _imports(file: str, nodes: Iterable[ast.AST], *, typing_only: bool, lazy: bool) -> Iterator[Import]:
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            for module, name in _modules(node):
                yield Import(file, node.lineno, module, name, typing_only, lazy)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _imports(file, node.body, typing_only=True, lazy=lazy)
            yield from _imports(file, node.orelse, typing_only=typing_only, lazy=lazy)
        else:
            inside = lazy or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports(file, ast.iter_child_nodes(node), typing_only=typing_only, lazy=inside)


def _modules(node: ast.Import | ast.ImportFrom) -> list[tuple[str, str]]:
    if isinstance(node, ast.Import):
        return [(alias.name, alias.name) for alias in node.names]
    assert node.level == 0, f"line {node.lineno}: relative imports are not used here"
    assert node.module is not None
    named = [(node.module, alias.name) for alias in node.names]
    return [(_module_or_package(package, name), f"{package}.{name}") for package, name in named]


def _module_or_package(package: str, name: str) -> str:
    """`from cardcat.plan import names` means a module, `from cardcat.model import Kind` what is in one."""
    folder = CHECKOUT.joinpath(*(["src"] if package.startswith("cardcat") else []), *package.split("."))
    is_module = (folder / f"{name}.py").exists() or (folder / name).is_dir()
    return f"{package}.{name}" if is_module else package


ALL_IMPORTS = [found for path in PROGRAM for found in imports(path)]


def module_of(file: str) -> str:
    return file.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def verb_of(call: ast.Call) -> str:
    return ast.unparse(call.func).split(".")[-1]


def writes(call: ast.Call) -> bool:
    """Whether a call changes a file or a folder, as far as its words tell."""
    name, verb = ast.unparse(call.func), verb_of(call)
    if name == "os.open":
        return "O_CREAT" in ast.unparse(call)
    if verb == "open":
        return any(re.fullmatch(r"'[rbt]*[wax+][bt+]*'", ast.unparse(word)) for word in _arguments(call))
    if name.startswith("shutil."):
        return verb in SHUTIL_WRITES
    return verb in (OS_WRITES if name.startswith("os.") else WRITES)


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(word.value for word in call.keywords)]


def calls(wanted: Callable[[ast.Call], bool], *, in_files: Callable[[str], bool]) -> Iterator[str]:
    for path in filter(lambda path: in_files(name_of(path)), PROGRAM):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and wanted(node):
                yield f"{name_of(path)}:{node.lineno} calls {ast.unparse(node.func)}"


def imported_at_once(module: str) -> dict[str, str]:
    """What importing *module* of ours imports of others, each with the file that does it."""
    seen: dict[str, str] = {}
    waiting = [module]
    done = set()
    while waiting:
        if (now := waiting.pop()) in done:
            continue
        done.add(now)
        path = PACKAGE.parent.joinpath(*now.split("."))
        source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        for found in imports(source):
            if found.lazy or found.typing_only:
                continue
            if found.root == "cardcat":
                waiting += [".".join(found.module.split(".")[:depth]) for depth in range(1, 9)]
            else:
                seen.setdefault(found.root, str(found))
    return seen
