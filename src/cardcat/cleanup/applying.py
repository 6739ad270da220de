"""A plan carried out: each copy read on both sides, then put away, with a journal that survives any end."""

from __future__ import annotations

import stat
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from cardcat.catalog import cleanups
from cardcat.catalog.engine import Catalog
from cardcat.cleanup import journal as journals
from cardcat.cleanup.acting import Job, Pair, Refusal, act, weigh_both
from cardcat.cleanup.journal import Journal
from cardcat.cleanup.orders import Bundle, Order, check_plan
from cardcat.cleanup.outcomes import Outcome, drive_trouble, refused, told
from cardcat.cleanup.plans import Action, Plan
from cardcat.cleanup.roots import Roots
from cardcat.cleanup.settling import settle
from cardcat.cleanup.standing import BACKUP, GROUP, Standing
from cardcat.cleanup.taking_back import take_back
from cardcat.cleanup.units import belongs
from cardcat.errors import CancelledError, CardcatError, DestinationError
from cardcat.model import Stage
from cardcat.paths import display
from cardcat.reporting import Reporter, current
from cardcat.stopping import stop_requested
from cardcat.storage import spots
from cardcat.storage.disk import Disk
from cardcat.storage.spots import Spot
from cardcat.storage.system import this_disk
from cardcat.text import cause

Step = tuple[Order, Job, Pair]

_UNSETTLED = "what was begun could not be taken back; the next run of the same plan puts it right"
_STOPPED = "Cancelled: what was done is kept."
_AGAIN = "Give the same command again to go on."


def apply(
    catalog: Catalog,
    plan: Plan,
    path: str,
    *,
    disk: Disk | None = None,
    reporter: Reporter | None = None,
) -> Outcome:
    """
    Carry *plan* out, or go on with it. *path* is where it lay, for people.

    Immediately before a copy goes, it and the one that stays are read completely and compared with the hash
    in the plan. BusyError if another process is at a cleanup, CatalogError if the journal can't be written.
    """
    journal = journals.begin(catalog, plan, path)
    work = _Applying(catalog, journal, plan, disk or this_disk(), reporter or current())
    try:
        work.run()
    except BaseException as error:
        journals.end_quietly(journal, error)
        raise
    journal.end(*work.ended())
    return work.found


class _Applying:
    def __init__(self, catalog: Catalog, journal: Journal, plan: Plan, disk: Disk, teller: Reporter) -> None:
        self.found = Outcome(cleanup_id=journal.row.id)
        self._catalog, self._journal, self._plan, self._disk = catalog, journal, plan, disk
        self._teller = teller
        self._standing = Standing(disk)
        self._clones: dict[int, int] = {}  # the inodes of those that were made, by the number of the step
        self._stopped: set[str] = set()  # the volumes that can't be worked on

    def run(self) -> None:
        """Settle what an earlier run left in the middle, then go through the plan."""
        with Roots(self._disk, self._standing.places) as self._roots:
            unsettled = settle(self._journal, self._disk, self._roots, self.found)
            done = {step.number for step in self._journal.steps() if step.state == cleanups.DONE}
            with self._catalog.read() as c:
                orders = check_plan(c, self._plan, done | unsettled)
            self.found.already = len(done)
            self.found.left += refused(orders)
            self._journal.refuse(orders.refused)
            self._journal.plan(
                [order for bundle in orders.bundles for order in bundle.orders], self._plan.action
            )
            self._go_through(orders.bundles)

    def ended(self) -> tuple[str, str | None]:
        """How it ended, for the record."""
        found = self.found
        if found.cancelled:
            return cleanups.CANCELLED, _STOPPED
        if found.failed or found.errors or found.pending:
            return cleanups.FAILED, f"{len(found.failed)} failed, {found.pending} pending"
        return cleanups.COMPLETED, None

    def _go_through(self, bundles: Sequence[Bundle]) -> None:
        size = sum(2 * order.goer.size for bundle in bundles for order in bundle.orders)
        self._teller.begin(Stage.VERIFY, files=sum(len(each.orders) for each in bundles), size=size)
        for position, bundle in enumerate(bundles):
            if stop_requested():
                self._cancel(bundles[position:])
                return
            try:
                self._carry_out(bundle)
            except CancelledError:
                self._cancel(bundles[position:])
                return
            self._teller.advance(files=len(bundle.orders), size=0)

    def _cancel(self, bundles: Sequence[Bundle]) -> None:
        self.found.cancelled = True
        self.found.pending += sum(len(bundle.orders) for bundle in bundles)

    def _carry_out(self, bundle: Bundle) -> None:
        """Put away what goes together, or leave all of it."""
        if any(order.goer.volume_key in self._stopped for order in bundle.orders):
            self.found.pending += len(bundle.orders)
            return
        try:
            steps = [self._read(order) for order in bundle.orders]
            self._require_whole(steps)
        except Refusal as why:
            self._leave(bundle, str(why))
        except (OSError, DestinationError) as error:
            self._fail(bundle, error)
        else:
            self._put_away(bundle, steps)

    def _read(self, order: Order) -> Step:
        goer, keeper = self._roots.spot(order.goer), self._roots.spot(order.keeper)
        if self._standing.is_in_backup(order.goer) or self._standing.is_in_backup(order.keeper):
            raise Refusal(BACKUP)
        aside = Spot(goer.root, f"{self._journal.folder}/{order.goer.path}")
        job = Job(
            number=order.number,
            action=self._plan.action,
            hash=order.goer.hash,
            size=order.goer.size,
            goer=goer,
            aside=aside,
            mtime_ns=order.goer.mtime_ns,
        )
        pair = weigh_both(self._disk, job, keeper, self._on_bytes)
        if spots.look(self._disk, aside) is not None:
            raise Refusal(f"its place in the quarantine is taken: {display(str(aside))}")
        was = pair.goer.identity
        job = replace(
            job,
            inode=was.inode,
            twin=pair.keeper.identity.inode if self._plan.action is Action.HARDLINK else None,
            mtime_ns=was.mtime_ns,
            folder_mtime_ns=spots.folder_time(self._disk, goer),
        )
        return order, job, pair

    def _on_bytes(self, size: int) -> None:
        if stop_requested():
            raise CancelledError(_STOPPED, hint=_AGAIN)
        self._teller.advance(files=0, size=size)

    def _require_whole(self, steps: Sequence[Step]) -> None:
        """Refusal if by now a file lies beside that belongs to one of these, and does not go with it."""
        going: dict[tuple[int, str], set[str]] = defaultdict(set)
        for _, job, _ in steps:
            going[job.goer.root.fd, job.goer.folder].add(job.goer.name)
        for _, job, _ in steps:
            mine = going[job.goer.root.fd, job.goer.folder]
            for name in spots.names_beside(self._disk, job.goer):
                if name not in mine and belongs(name, [job.goer.name]) and self._is_file(job, name):
                    raise Refusal(f"{GROUP}: {display(name)} belongs to it")

    def _is_file(self, job: Job, name: str) -> bool:
        path = f"{job.goer.folder}/{name}" if job.goer.folder else name
        status = spots.look(self._disk, Spot(job.goer.root, path))
        return status is not None and stat.S_ISREG(status.st_mode)

    def _put_away(self, bundle: Bundle, steps: Sequence[Step]) -> None:
        self._journal.doing(steps)
        try:
            for _, job, pair in steps:
                act(self._disk, job, pair, partial(self._made, job.number))
            times = [self._time_now(job, pair) for _, job, pair in steps]
        except (Refusal, OSError, DestinationError) as why:
            self._take_back(bundle, steps, why)
            return
        self._journal.done([(order, job, at) for (order, job, _), at in zip(steps, times, strict=True)])
        self.found.done += [told(order, str(job.aside)) for order, job, _ in steps]

    def _made(self, number: int, inode: int) -> None:
        """A clone is there; what else may be in its place is none of ours."""
        self._clones[number] = inode
        self._journal.made(number, inode)

    def _time_now(self, job: Job, pair: Pair) -> int:
        found = None if job.action is Action.QUARANTINE else spots.look_at_file(self._disk, job.goer)
        return found.mtime_ns if found else pair.goer.identity.mtime_ns

    def _take_back(self, bundle: Bundle, steps: Sequence[Step], why: Exception) -> None:
        """All that was done of a bundle. Where that fails the journal says so, and the next run does it."""
        errors: list[Exception] = []
        for _, job, pair in reversed(steps):
            try:
                take_back(self._disk, replace(job, twin=self._clones.get(job.number, job.twin)), pair.at)
            except (Refusal, OSError, DestinationError) as error:
                errors.append(error)
        if errors:
            self._fail(bundle, errors[0], _UNSETTLED, state=cleanups.DOING)
            return
        if isinstance(why, Refusal):
            self._leave(bundle, str(why))
        else:
            self._fail(bundle, why)

    def _leave(self, bundle: Bundle, reason: str) -> None:
        self._journal.set([order.number for order in bundle.orders], cleanups.REFUSED, reason)
        self.found.left += [replace(told(order), reason=reason) for order in bundle.orders]

    def _fail(
        self, bundle: Bundle, error: Exception, more: str = "", *, state: str = cleanups.FAILED
    ) -> None:
        """These failed. What is wrong with the drive itself ends all work on it."""
        said = cause(error) if isinstance(error, OSError) else str(error)
        reason = f"{said}; {more}" if more else said
        self._journal.set([order.number for order in bundle.orders], state, reason)
        self.found.failed += [replace(told(order), reason=reason) for order in bundle.orders]
        trouble = self._trouble(bundle, error)
        if trouble:
            self._stopped |= {order.goer.volume_key for order in bundle.orders}
            self.found.errors.append(trouble)

    def _trouble(self, bundle: Bundle, error: Exception) -> CardcatError | None:
        if isinstance(error, DestinationError):
            return error
        order = bundle.orders[0]
        if isinstance(error, OSError) and (full := drive_trouble(order.goer.volume_name, error)):
            return full
        try:
            self._roots.spot(order.goer).root.require_there()
        except (CardcatError, Refusal) as gone:
            message = getattr(gone, "message", f"The drive {display(order.goer.volume_name)} is gone.")
            return DestinationError(message, hint="Plug it in, then give the same command again.")
        return None
