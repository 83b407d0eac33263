"""The one claim: which open slot a person gets next, taken by a single guarded UPDATE.

Order: slots that were given back, then leases that ran out, then fresh slots by priority,
breadth first. Its cost grows neither with the queue nor with what the person has judged: each
probe walks one partial index, and the person's cursor skips the fresh slots of tasks they had.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce

from labeling.core.models import User
from labeling.core.prepared import Prepared, prepared_cursor
from labeling.models import Annotator, Assignment, Batch, GuidelineVersion, Project, QueueCursor

# A cursor may hide a slot (a claim rolled back, a lease of one's own that ran out on a sibling
# slot), so a search that found nothing starts over, though not at every poll.
RESCAN_AFTER = timedelta(seconds=30)
# Behind every slot: nothing fresh is left for this person in this generation.
END_OF_QUEUE = (-(2**31), 2**15 - 1, 2**63 - 1)


@dataclass(frozen=True, slots=True)
class Claim:
    slot_id: int
    task_id: int
    slot_no: int
    priority: int
    fence: int


@dataclass(frozen=True, slots=True)
class Seat:
    """One person in one project, and what a claim needs to know of the project."""

    cursor: QueueCursor
    latest_guideline: int | None
    num_batches: int
    # Leases ran out under what this person had typed.
    has_lost_drafts: bool

    @property
    def annotator_id(self) -> int:
        return self.cursor.annotator_id


def take_seat(*, user: User, project: Project) -> Seat:
    """Lock this person's row in this project until the transaction ends: requests of one
    person's tabs come one after another."""
    while True:
        cursor = _seats.first(project_id=project.pk, user_id=user.pk)
        if cursor is not None:
            return Seat(cursor, cursor.latest_guideline, cursor.num_batches, cursor.has_lost_drafts)
        annotator, _ = Annotator.objects.get_or_create(user=user, defaults={"kind": Annotator.Kind.PERSON})
        QueueCursor.objects.get_or_create(project=project, annotator=annotator)


def claim(*, seat: Seat, count: int, now: datetime, expires_at: datetime) -> list[Claim]:
    """Lease up to `count` slots of tasks this person never had; fewer when there are no more.

    Safe under concurrency: a lost race costs the loser the next slot, never a double lease.
    """
    cursor = seat.cursor
    before = _position(cursor)
    if cursor.generation != seat.num_batches:
        _rewind(seat, now)
    claims: list[Claim] = []
    while len(claims) < count:
        found = _claim_one(cursor, [claim.task_id for claim in claims], now, expires_at)
        if found is not None:
            claims.append(found)
            # Slots numbered 0 are never somebody's sibling slots, so there is nothing to skip yet.
            if found.fence == 1 and found.slot_no > 0:
                _move(cursor, found.priority, found.slot_no, found.slot_id)
        elif _may_rescan(cursor, now):
            _rewind(seat, now)
        else:
            _move(cursor, *END_OF_QUEUE)
            break
    if _position(cursor) != before:
        cursor.save(update_fields=["generation", "priority", "slot_no", "slot_id", "scanned_at"])
    return claims


def _position(cursor: QueueCursor) -> tuple[object, ...]:
    return cursor.generation, cursor.priority, cursor.slot_no, cursor.slot_id, cursor.scanned_at


def _move(cursor: QueueCursor, priority: int | None, slot_no: int, slot_id: int) -> None:
    cursor.priority, cursor.slot_no, cursor.slot_id = priority, slot_no, slot_id


def _rewind(seat: Seat, now: datetime) -> None:
    _move(seat.cursor, None, 0, 0)
    seat.cursor.generation, seat.cursor.scanned_at = seat.num_batches, now


def _may_rescan(cursor: QueueCursor, now: datetime) -> bool:
    return cursor.priority is not None and (
        cursor.scanned_at is None or cursor.scanned_at <= now - RESCAN_AFTER
    )


def _claim_one(
    cursor: QueueCursor, taken: Sequence[int], now: datetime, expires_at: datetime
) -> Claim | None:
    sql = _claim_sql(after_cursor=cursor.priority is not None, num_taken=len(taken))
    parameters = {
        "project": cursor.project_id,
        "annotator": cursor.annotator_id,
        "now": connection.ops.adapt_datetimefield_value(now),
        "expires_at": connection.ops.adapt_datetimefield_value(expires_at),
        "priority": cursor.priority,
        "slot_no": cursor.slot_no,
        "slot_id": cursor.slot_id,
        **{f"taken_{number}": task_id for number, task_id in enumerate(taken)},
    }
    with prepared_cursor() as statement:
        statement.execute(sql, parameters)
        row = statement.fetchone()
    return Claim(*row) if row else None


def _claim_sql(*, after_cursor: bool, num_taken: int) -> str:
    # PostgreSQL passes over rows that another claim is taking; SQLite's writers, whose
    # transactions are IMMEDIATE, never meet.
    lock = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""
    taken = ", ".join(f"%(taken_{number})s" for number in range(num_taken))
    # A scalar subquery and not NOT EXISTS: it stays one index look-up for each slot tried, where a
    # planner with old statistics would read the person's whole history for an anti-join.
    never_had = f"""
        (SELECT 1 FROM labeling_assignment a
          WHERE a.task_id = s.task_id AND a.annotator_id = %(annotator)s
            AND a.state IN ('leased', 'submitted', 'skipped', 'surplus') LIMIT 1) IS NULL
        {f"AND s.task_id NOT IN ({taken})" if taken else ""}"""

    def probe(condition: str, order: str) -> str:
        return f"""(SELECT s.id FROM labeling_slot s
             WHERE s.project_id = %(project)s AND NOT s.withdrawn AND {condition} AND {never_had}
             ORDER BY {order} LIMIT 1 {lock})"""

    # Literals, because a partial index is chosen only when its condition is spelled out.
    fresh = "s.state = 'open' AND s.fence = 0"
    breadth_first = "s.priority DESC, s.slot_no, s.id"
    probes = [
        probe("s.state = 'open' AND s.fence > 0", breadth_first),
        probe("s.state = 'leased' AND s.lease_expires_at < %(now)s", "s.lease_expires_at"),
    ]
    if after_cursor:
        behind = "s.priority = %(priority)s AND (s.slot_no, s.id) > (%(slot_no)s, %(slot_id)s)"
        probes += [
            probe(f"{fresh} AND {behind}", "s.slot_no, s.id"),
            probe(f"{fresh} AND s.priority < %(priority)s", breadth_first),
        ]
    else:
        probes.append(probe(fresh, breadth_first))
    return f"""
        UPDATE labeling_slot
           SET state = 'leased', fence = fence + 1, lease_expires_at = %(expires_at)s
         WHERE id = COALESCE({", ".join(probes)})
           AND (state = 'open' OR (state = 'leased' AND lease_expires_at < %(now)s))
     RETURNING id, task_id, slot_no, priority, fence"""


def _latest_guideline() -> Subquery:
    versions = GuidelineVersion.objects.filter(project=OuterRef("project")).order_by("-number")
    return Subquery(versions.values("number")[:1])


def _lost_drafts() -> Exists:
    # One look into the index of drafts, of which a person has few.
    drafts = Assignment.objects.filter(annotator=OuterRef("annotator"), draft__isnull=False)
    return Exists(drafts.filter(state=Assignment.State.EXPIRED))


def _num_batches() -> Coalesce:
    batches = Batch.objects.filter(project=OuterRef("project")).order_by().values("project")
    return Coalesce(Subquery(batches.annotate(n=Count("id")).values("n")), 0)


_seats = Prepared(
    lambda project_id, user_id: (
        QueueCursor.objects.select_for_update(of=("self",))
        .filter(project=project_id, annotator__user=user_id)
        .annotate(
            latest_guideline=_latest_guideline(),
            num_batches=_num_batches(),
            has_lost_drafts=_lost_drafts(),
        )
    )
)
