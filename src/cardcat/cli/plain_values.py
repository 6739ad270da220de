"""Values that commands take as they were typed, handed over without the library that would check their types.

Loading it takes longer than most commands do. What has a type of its own (a path, a date) still goes through
it.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, cast

import typer
import typer.core
from typer._coercion import RuntimeParam, build_runtime_param

if TYPE_CHECKING:
    from typer._coercion import TypeDescriptor

_AS_TYPED: tuple[object, ...] = (str, bool, list[str])


class _Plain(RuntimeParam):
    def _coerce_value(self, value: Any, param: Any, ctx: Any) -> Any:
        if isinstance(value, list | tuple):
            return [self._parsed(one, param, ctx) for one in value]
        return self._parsed(value, param, ctx)

    def _parsed(self, value: Any, param: Any, ctx: Any) -> Any:
        parser = self.parameter_info.parser
        try:
            return value if parser is None else parser(value)
        except ValueError as error:
            raise typer.BadParameter(str(error), ctx=ctx, param=param) from error


class _OneOf(RuntimeParam):
    """A member of an enumeration, by its value."""

    def _coerce_value(self, value: Any, param: Any, ctx: Any) -> Any:
        members = cast("type[Enum]", self.annotation)
        try:
            return members(value)
        except ValueError:
            known = ", ".join(repr(member.value) for member in members)
            raise typer.BadParameter(f"{value!r} is not one of {known}.", ctx=ctx, param=param) from None


def _built(described: TypeDescriptor) -> RuntimeParam:
    if described.parameter_info.parser or described.annotation in _AS_TYPED:
        return _Plain(described.parameter_info, described.annotation)
    if isinstance(described.annotation, type) and issubclass(described.annotation, Enum):
        return _OneOf(described.parameter_info, described.annotation)
    return build_runtime_param(described)


def take_plain_values() -> None:
    """Let all commands take texts, flags and members as they are; our own parsers parse what has one."""
    typer.core.build_runtime_param = _built  # type: ignore[assignment,attr-defined]
