"""`cardcat backup`."""

from __future__ import annotations

from typing import Annotated

import typer

from cardcat import stopping
from cardcat.cli import output, results
from cardcat.cli.options import AsJson, CatalogPath, Direct, DryRun, examples, folder, patterns
from cardcat.cli.pages import run_page
from cardcat.cli.progress import telling
from cardcat.model import BackupOptions, BackupResult, Layout

EXAMPLES = examples(
    "cardcat backup /media/me/EOS_DIGITAL /mnt/archive /mnt/safe",
    "cardcat backup --layout tree --exclude '*.LRV' /media/me/GOPRO /mnt/archive",
)


def backup(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The card, or any folder.")],
    destinations: Annotated[list[str], typer.Argument(metavar="DEST", help="Folders to copy to.")],
    *,
    layout: Annotated[Layout, typer.Option(help="By day taken, or as on the card.")] = Layout.DATED,
    timezone: Annotated[
        str | None,
        typer.Option(metavar="TZ", help="For what tells no zone of its own. [default: the computer's]"),
    ] = None,
    recheck: Annotated[
        bool, typer.Option("--recheck", help="Read files again that have not changed.")
    ] = False,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", help="Leave these out; the card is then not safe to format."),
    ] = None,
    dry_run: DryRun = False,
    direct: Direct = False,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """
    Copy a whole card to one or more drives and prove it.

    Each file is read once, written to every destination, read back from the drive and compared before it
    gets its name. Nothing is overwritten and nothing on the card is changed. What is there already is
    skipped; a backup that was interrupted is finished by the same command.
    """
    options = BackupOptions(
        source=folder(source, "SOURCE"),
        destinations=tuple(folder(destination, "DEST") for destination in destinations),
        layout=layout,
        timezone=_known_zone(timezone),
        excludes=patterns(exclude),
        recheck=recheck,
    )
    if dry_run:
        return _preview(options, catalog, as_json=as_json)
    return carry_out(options, catalog, direct=direct, as_json=as_json)


def carry_out(options: BackupOptions, catalog: str | None, *, direct: bool, as_json: bool) -> int:
    """Run the backup, say how it went, and return the exit code."""
    with stopping.listening(), telling():
        result = _run_here(options, catalog) if direct else _run_flow(options, catalog)
    if as_json:
        output.emit(results.document(result))
    else:
        steps = results.next_steps(result, str(options.source), catalog, run_page(result.flow_run_id))
        results.show(result, steps)
    return results.exit_code(result)


def _run_here(options: BackupOptions, catalog: str | None) -> BackupResult:
    from cardcat.backup import backup as run_here

    return run_here(options, catalog=catalog, stop=stopping.stop_requested)


def _run_flow(options: BackupOptions, catalog: str | None) -> BackupResult:
    from cardcat.prefect_run import run_flow

    return run_flow(options, catalog)


def _preview(options: BackupOptions, catalog: str | None, *, as_json: bool) -> int:
    from cardcat.backup import preview

    with telling():
        previews = preview(options, catalog)
    if as_json:
        output.emit(results.preview_document(previews))
    else:
        results.show_previews(previews)
    return 0


def _known_zone(name: str | None) -> str | None:
    if name is not None:
        from cardcat.zones import zone

        zone(name)
    return name
