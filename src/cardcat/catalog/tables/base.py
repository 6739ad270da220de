"""What all tables are made of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    REAL,
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Big = BigInteger().with_variant(
    Integer(), "sqlite"
)  # SQLite's INTEGER has 64 bits, and only it can be a rowid
Real: Double[Any] = Double().with_variant(REAL(), "sqlite")


class unix_now(FunctionElement[int]):  # noqa: N801 - SQL functions are written in lower case
    """The current time in whole UTC seconds, as the engine at hand says it."""

    inherit_cache = True
    type = Big


@compiles(unix_now)
def _unix_now(*_: Any, **__: Any) -> str:
    return "(CAST(extract(epoch FROM now()) AS BIGINT))"


@compiles(unix_now, "sqlite")
def _unix_now_sqlite(*_: Any, **__: Any) -> str:
    return "(strftime('%s', 'now'))"


def id_() -> Column[int]:
    """A key that the database counts up, and gives to no second row."""
    return Column("id", Big, primary_key=True, autoincrement=True)


def one_of(column: str, *values: str) -> CheckConstraint:
    """The column holds one of these words."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def raw(name: str) -> Column[bytes]:
    """The exact bytes beside a readable text."""
    return Column(name, LargeBinary, nullable=False, default=b"")


def reference(name: str, to: str, *, on_delete: str | None = None, **kwargs: Any) -> Column[int]:
    """The id of a row of another table, *to* as `table.column`."""
    return Column(name, Big, ForeignKey(to, ondelete=on_delete), **kwargs)
