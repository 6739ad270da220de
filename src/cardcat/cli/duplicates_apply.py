"""`cardcat duplicates apply` and `undo`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cardcat import stopping, text
from cardcat.cli import catalogs, output
from cardcat.cli.options import AsJson, CatalogPath, examples, folder, whole_number
from cardcat.cli.output import Json
from cardcat.cli.progress import telling
from cardcat.cli.results import typed
from cardcat.errors import CancelledError, CardcatError, DestinationError, UsageError
from cardcat.paths import display

if TYPE_CHECKING:
    from cardcat.cleanup.outcomes import Outcome, Told

APPLY_EXAMPLES = examples(
    "cardcat duplicates apply cleanup.txt", "cardcat duplicates apply cleanup.txt --yes"
)
UNDO_EXAMPLES = examples("cardcat duplicates undo", "cardcat duplicates undo 3 --yes")

_SHOWN = 20
_MOST = 2**63 - 1

DoIt = Annotated[bool, typer.Option("--yes", help="Do it. Without this nothing is changed.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, as without --yes.")]


def apply(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A plan of `cardcat duplicates plan`.")],
    *,
    yes: DoIt = False,
    dry_run: DryRun = False,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """
    Carry out a plan: put duplicates away. Only with --yes; else it says what would be done.

    Immediately before a file goes, it and the copy that stays are read completely and compared with the hash
    in the plan; what changed since stays as it is. What goes is moved into the folder .cardcat-quarantine of
    its library, on the same drive. No file is deleted. The same command again goes on after an interruption,
    and `cardcat duplicates undo` takes all of it back. Exit 0 means that all is done, 1 that something stays,
    10 that a drive failed.
    """
    path = folder(file, "FILE")
    is_dry = _is_dry(yes=yes, dry_run=dry_run)
    from cardcat.catalog.engine import open_catalog
    from cardcat.cleanup.applying import apply as carry_out
    from cardcat.cleanup.previewing import preview
    from cardcat.cleanup.reading import read_plan

    plan = read_plan(path)
    with open_catalog(catalog, create=False) as opened:
        if is_dry:
            found = preview(opened, plan)
        else:
            with stopping.listening(), telling():
                found = carry_out(opened, plan, str(path))
    if as_json:
        output.emit(document(found))
    elif is_dry:
        _preview(found, "put away")
        output.say(
            f"This was a dry run. To do it: {typed('duplicates', 'apply', file, '--yes', catalog=catalog)}"
        )
    else:
        _show(found, "put away")
        if found.cleanup_id and (found.done or found.already):
            undo_it = typed("duplicates", "undo", str(found.cleanup_id), catalog=catalog)
            output.say(f"To take it back: {undo_it}")
    return 0 if is_dry else _exit_code(found)


def undo(
    number: Annotated[
        int | None,
        typer.Argument(
            metavar="[ID]",
            parser=whole_number("ID", _MOST),
            help="A number from `cardcat duplicates cleanups`. [default: the last one]",
        ),
    ] = None,
    *,
    yes: DoIt = False,
    dry_run: DryRun = False,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """
    Take a cleanup back: every file where it was. Only with --yes; else it says what would be done.

    Files keep their bytes, names, times and rights. Where something else has come to a file's place, it stays
    in the quarantine. Exit 0 means that all is back, 1 that something is not, 10 that a drive failed.
    """
    is_dry = _is_dry(yes=yes, dry_run=dry_run)
    if catalogs.present(catalog) is None:
        return _absent(catalog, as_json=as_json)
    from cardcat.catalog.engine import open_catalog
    from cardcat.cleanup.outcomes import Outcome
    from cardcat.cleanup.undoing import preview_undo, to_undo
    from cardcat.cleanup.undoing import undo as take_back

    with open_catalog(catalog, create=False) as opened:
        row = to_undo(opened, number)
        if row is None:
            found = Outcome(dry_run=is_dry)
        elif is_dry:
            found = preview_undo(opened, row)
        else:
            with stopping.listening(), telling():
                found = take_back(opened, row.id)
    if as_json:
        output.emit(document(found))
    elif row is None:
        output.say("There is nothing to take back.")
    elif is_dry:
        output.say(f"Cleanup {row.id}, of the plan {display(row.plan_path)}:")
        _preview(found, "put back")
        again = typed("duplicates", "undo", str(row.id), "--yes", catalog=catalog)
        output.say(f"This was a dry run. To do it: {again}")
    else:
        _show(found, "put back")
    return 0 if is_dry else _exit_code(found)


def document(found: Outcome) -> dict[str, Json]:
    """What was done, or would be, for `--json`."""
    return {
        "cleanup": found.cleanup_id,
        "dry_run": found.dry_run,
        "cancelled": found.cancelled,
        "done": [_told(each) for each in found.done],
        "left": [_told(each) for each in found.left],
        "failed": [_told(each) for each in found.failed],
        "errors": [{"message": error.message, "hint": error.hint} for error in found.errors],
        "files_done": len(found.done),
        "bytes_done": found.size,
        "files_done_before": found.already,
        "files_pending": found.pending,
    }


def _told(each: Told) -> dict[str, Json]:
    return {
        **output.path_fields(each.path),
        "hash": each.hash,
        "file_size_bytes": each.size,
        **output.path_fields(each.aside, "quarantined_at"),
        "reason": each.reason or None,
    }


def _is_dry(*, yes: bool, dry_run: bool) -> bool:
    if yes and dry_run:
        raise UsageError("--yes and --dry-run say the opposite of each other.", hint="Give one of them.")
    return not yes


def _preview(found: Outcome, what: str) -> None:
    output.say(f"{text.many(len(found.done), 'file')} would be {what}, {text.size(found.size)} in all.")
    for each in found.done[:_SHOWN]:
        output.say(f"  {display(each.path)}")
    _say_more(len(found.done))
    _say_rest(found)


def _show(found: Outcome, what: str) -> None:
    output.say(f"{text.many(len(found.done), 'file')} {what}, {text.size(found.size)} in all.")
    _say_rest(found)
    if found.pending:
        output.say(f"{text.many(found.pending, 'file')} wait for the same command again.", style="yellow")
    for error in found.errors:
        output.note(error.message, style="bold red")
        output.note(f"hint: {error.hint}")


def _say_rest(found: Outcome) -> None:
    if found.already:
        output.say(f"{text.many(found.already, 'file')} done before.")
    if found.left or found.failed:
        output.say("These stay as they are:", style="yellow")
    for each in [*found.failed, *found.left][:_SHOWN]:
        output.say(f"  {display(each.path)}")
        output.say(f"    {each.reason}")
    _say_more(len(found.left) + len(found.failed))


def _say_more(count: int) -> None:
    if count > _SHOWN:
        output.say(f"  … and {text.count(count - _SHOWN)} more (--json lists them all)")


def _exit_code(found: Outcome) -> int:
    if found.cancelled:
        return CancelledError.exit_code
    if found.errors:
        return DestinationError.exit_code
    return CardcatError.exit_code if found.left or found.failed or found.pending else 0


def _absent(where: str | None, *, as_json: bool) -> int:
    if as_json:
        from cardcat.cleanup.outcomes import Outcome

        output.emit(document(Outcome()))
    else:
        catalogs.say_absent(where)
    return 0
