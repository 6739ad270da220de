"""`cardcat watch`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cardcat import stopping, text
from cardcat.cli import output, results
from cardcat.cli.options import AsJson, CatalogPath, DryRun, examples, folder, group, patterns
from cardcat.cli.output import Column, Json
from cardcat.cli.progress import telling
from cardcat.errors import CancelledError, CardcatError, UsageError
from cardcat.model import BackupOptions, BackupResult, Layout
from cardcat.paths import display
from cardcat.starters import Here, Order, Started

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cardcat.catalog.watched import WatchedCard, WatchedDestination
    from cardcat.inserted import SeenCard

app = group("Back up enabled cards whenever they are plugged in.")

_EXAMPLES = examples(
    "cardcat watch enable /media/me/EOS_DIGITAL /mnt/archive /mnt/safe",
    "cardcat watch",
)
_COLUMNS = (
    Column("Card", shrinks=True),
    Column("Card is"),
    Column("Backed up to", shrinks=True),
    Column("Drive is"),
    Column("Last started"),
)

Card = Annotated[
    str, typer.Argument(metavar="CARD", help="Where it is mounted, or its name or uuid if it is known.")
]


@app.callback(invoke_without_command=True, epilog=_EXAMPLES)
def watch(
    context: typer.Context,
    *,
    once: Annotated[bool, typer.Option("--once", help="Look once, do what is due, and end.")] = False,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """
    Back up enabled cards whenever they are plugged in.

    Runs until Ctrl-C, without any server; `cardcat server start` has the same done by its worker. A card that
    is not enabled is told of and left alone. One that stays in the reader is backed up once, and again when
    more was put on it.
    """
    if context.invoked_subcommand is not None:
        return 0
    doing = _Doing(catalog, as_json=as_json)
    seen: list[SeenCard] = []
    with stopping.listening(), telling():
        try:
            seen = _look(doing) if once else _watch(doing)
        except CancelledError:
            doing.codes.append(CancelledError.exit_code)
    if as_json:
        output.emit({"cards": [_seen(each) for each in seen], "backups": doing.documents})
    elif once:
        for each in seen:
            output.say(f"{each.name} at {each.mount_point}: {each.state.value}")
        if not seen:
            output.say("No card is plugged in.")
    return doing.exit_code(once=once)


@app.command(
    epilog=examples(
        "cardcat watch enable /media/me/EOS_DIGITAL /mnt/archive /mnt/safe",
        "cardcat watch enable GOPRO /mnt/archive --layout tree --exclude '*.LRV'",
    )
)
def enable(
    card: Card,
    destinations: Annotated[list[str], typer.Argument(metavar="DEST", help="Folders to copy to.")],
    *,
    layout: Annotated[Layout, typer.Option(help="By day taken, or as on the card.")] = Layout.DATED,
    timezone: Annotated[
        str | None,
        typer.Option(metavar="TZ", help="For what tells no zone of its own. [default: the computer's]"),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB", help="Leave these out; the card is then not safe to format."),
    ] = None,
    dry_run: DryRun = False,
    catalog: CatalogPath = None,
    as_json: AsJson = False,
) -> int:
    """
    Have a card backed up whenever it is plugged in.

    The drives are plugged in now; later they may be mounted elsewhere, or come after the card. The card is
    recognised by its UUID, which a camera changes when it formats the card: enable it again then. Doing so
    also changes where a card goes.
    """
    from cardcat.watchlist import enable as enable_card

    order = BackupOptions(
        source=Path(card),
        destinations=tuple(folder(destination, "DEST") for destination in destinations),
        layout=layout,
        timezone=timezone,
        excludes=patterns(exclude),
    )
    name = enable_card(catalog, _given(card), order, dry_run=dry_run)
    if as_json:
        output.emit(_order(name, order, dry_run=dry_run))
        return 0
    places = ", ".join(display(str(path)) for path in order.destinations)
    output.say(f"{name} is backed up to {places} whenever it is plugged in.")
    output.say(
        "This was a dry run: nothing was changed."
        if dry_run
        else "For that to happen, let one of these run: cardcat server start, or cardcat watch"
    )
    return 0


@app.command(epilog=examples("cardcat watch disable EOS_DIGITAL"))
def disable(
    card: Card, *, dry_run: DryRun = False, catalog: CatalogPath = None, as_json: AsJson = False
) -> int:
    """Leave a card alone from now on. What was backed up stays as it is."""
    from cardcat.watchlist import disable as disable_card

    name = disable_card(catalog, _given(card), dry_run=dry_run)
    if as_json:
        output.emit({"card": name, "enabled": False, "dry_run": dry_run})
        return 0
    output.say(f"{name} is not backed up by itself any more.")
    if dry_run:
        output.say("This was a dry run: nothing was changed.")
    return 0


@app.command("list", epilog=examples("cardcat watch list --json"))
def list_(*, catalog: CatalogPath = None, as_json: AsJson = False) -> int:
    """List the cards that are enabled, and where each one goes."""
    from cardcat.storage.volumes import mounted_volumes
    from cardcat.watchlist import enabled_cards

    cards = enabled_cards(catalog)
    mounted = {volume.key: str(volume.mount_point) for volume in mounted_volumes()} if cards else {}
    if as_json:
        output.emit([_document(card, mounted) for card in cards])
    elif cards:
        output.table(_COLUMNS, [row for card in cards for row in _rows(card, mounted)])
    else:
        output.say("No card is enabled. To enable one: cardcat watch enable CARD DEST")
    return 0


class _Doing(Here):
    """Does the backups here, and keeps how they went."""

    def __init__(self, catalog: str | None, *, as_json: bool) -> None:
        super().__init__(catalog, self._keep)
        self.catalog = catalog
        self.documents: list[Json] = []
        self.codes: list[int] = []
        self._as_json = as_json

    def start(self, order: Order) -> Started:
        """Do it, with its progress and its end shown as by `cardcat backup`."""
        output.note(f"Backing up {order.card} at {order.options.source}", style="bold")
        try:
            with telling():
                return super().start(order)
        except CancelledError:
            raise
        except CardcatError as error:
            self.codes.append(error.exit_code)
            raise

    def exit_code(self, *, once: bool) -> int:
        """How a look ended; a watch that goes on for days ends well unless a backup was broken off."""
        cancelled = CancelledError.exit_code in self.codes
        if not once:
            return CancelledError.exit_code if cancelled else 0
        return max(self.codes, default=0)

    def _keep(self, order: Order, result: BackupResult) -> None:
        self.codes.append(results.exit_code(result))
        document = results.document(result)
        self.documents.append({**output.path_fields(str(order.options.source), "source"), **document})
        if not self._as_json:
            source = str(order.options.source)
            results.show(result, results.next_steps(result, source, self.catalog, None))


def _look(doing: _Doing) -> list[SeenCard]:
    from cardcat.catalog.engine import open_catalog
    from cardcat.watching import look

    with open_catalog(doing.catalog) as opened:
        return look(opened, doing)


def _watch(doing: _Doing) -> list[SeenCard]:
    from cardcat.watching import watch as watch_cards

    output.note("Watching for cards. Ctrl-C ends it.")
    watch_cards(doing.catalog, doing)
    return []


def _given(card: str) -> str:
    if not card:
        raise UsageError("CARD is an empty name.", hint="A shell variable in the command may be empty.")
    return card


def _seen(card: SeenCard) -> dict[str, Json]:
    return {
        "name": card.name,
        **output.path_fields(str(card.mount_point), "mount_point"),
        "sign": card.sign,
        "state": card.state.value,
    }


def _order(name: str, order: BackupOptions, *, dry_run: bool) -> dict[str, Json]:
    return {
        "card": name,
        "enabled": True,
        "destinations": [output.path_fields(str(path)) for path in order.destinations],
        "layout": order.layout.value,
        "timezone": order.timezone,
        "excludes": list(order.excludes),
        "dry_run": dry_run,
    }


def _rows(card: WatchedCard, mounted: Mapping[str, str]) -> list[list[str]]:
    """A row for each place that the card goes to."""
    first = [card.volume.name, "mounted" if card.volume.key in mounted else "offline"]
    return [
        [
            *(["", ""] if number else first),
            _folder(each, mounted),
            "mounted" if each.drive.key in mounted else "offline",
            text.moment(each.handled_at),
        ]
        for number, each in enumerate(card.destinations)
    ]


def _document(card: WatchedCard, mounted: Mapping[str, str]) -> dict[str, Json]:
    return {
        "name": card.volume.name,
        "uuid": card.volume.uuid,
        "fs_uuid": card.volume.fs_uuid,
        **output.path_fields(mounted.get(card.volume.key), "mount_point"),
        "layout": card.layout.value,
        "timezone": card.timezone,
        "excludes": list(card.excludes),
        "enabled_at": card.added_at,
        "destinations": [
            {
                **output.path_fields(_folder(each, mounted)),
                "drive": each.drive.name,
                "is_mounted": each.drive.key in mounted,
                "last_started_at": each.handled_at,
                "flow_run_id": each.flow_run_id,
            }
            for each in card.destinations
        ],
    }


def _folder(destination: WatchedDestination, mounted: Mapping[str, str]) -> str:
    """Where it is, or was when its drive was last seen."""
    drive = destination.drive
    return str(Path(mounted.get(drive.key) or drive.last_mount_point or "/", destination.path))
