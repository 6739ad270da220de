"""All that is known of one session, and what its state means at this moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from cardcat.catalog.attempts import AttemptRow, StageRow, added, attempts_of
from cardcat.catalog.locations import get_location
from cardcat.catalog.sessions import KindRow, SessionRow, findings_by_kind, get_session, latest
from cardcat.catalog.volumes import VolumeRow, get_volume
from cardcat.model import SessionStatus
from cardcat.owner import is_alive

INTERRUPTED = "interrupted"
"""What a session is that has not ended and whose process is gone. The next backup ends it, as failed."""

_UNFINISHED = (SessionStatus.FAILED, SessionStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class Account:
    """
    A session with its attempts, the first one first, and its findings counted by kind.

    *later* is the last session of the same card, drive and order, if there is one after it.
    """

    row: SessionRow
    attempts: Sequence[AttemptRow]
    findings: Sequence[KindRow]
    card: VolumeRow
    drive: VolumeRow
    later: SessionRow | None

    @property
    def stages(self) -> list[StageRow]:
        """How long each stage was at work in all attempts together, and what it did."""
        return added(self.attempts)

    @property
    def open_findings(self) -> int:
        """How many findings are not put right."""
        return sum(kind.open for kind in self.findings)

    @property
    def is_to_finish(self) -> bool:
        """Whether something is left to do that no later session has done."""
        if self.later is not None and self.later.status is SessionStatus.COMPLETED:
            return False
        return is_interrupted(self.row) or self.row.status in _UNFINISHED


def account_of(c: Connection, session_id: int) -> Account | None:
    """What is known of the session with that id, None if there is none."""
    row = get_session(c, session_id)
    if row is None:
        return None
    last = latest(c, row.key)
    return Account(
        row=row,
        attempts=attempts_of(c, session_id),
        findings=findings_by_kind(c, session_id),
        card=get_volume(c, row.key.source_volume_id),
        drive=get_volume(c, get_location(c, row.key.destination_location_id).volume_id),
        later=last if last is not None and last.id > row.id else None,
    )


def is_interrupted(row: SessionRow) -> bool:
    """Whether the session has not ended although its process is gone."""
    return row.status is SessionStatus.RUNNING and (row.owner is None or not is_alive(row.owner))


def state_of(row: SessionRow) -> str:
    """The session's state in one word: its status, or that it was interrupted."""
    return INTERRUPTED if is_interrupted(row) else row.status.value


def attempt_state(row: SessionRow, attempt: AttemptRow) -> str:
    """The same of an attempt at the session *row*."""
    return state_of(row) if attempt.status is row.status else attempt.status.value


def speed(stage: StageRow) -> float | None:
    """Bytes a second, None for a stage that moves none or took no time that could be measured."""
    return stage.bytes / stage.seconds if stage.bytes and stage.seconds > 0 else None


def pace(stage: StageRow) -> float | None:
    """Files a second, None where none were done or no time was measured."""
    return stage.files / stage.seconds if stage.files and stage.seconds > 0 else None


def proof_of(row: SessionRow) -> str:
    """How well the copies of the session are proved, in words; nothing where it made none."""
    if not row.files_copied:
        return ""
    if row.is_cold:
        return "read back from the drive itself"
    return "read back, but memory may have answered"
