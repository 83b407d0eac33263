"""The one claim: which open slot a person gets next, taken by a single guarded UPDATE.

Order: slots that were given back, then leases that ran out, then fresh slots by priority,
breadth first. Its cost grows neither with the queue nor with what the person has judged: each
probe walks one partial index, and the person's cursor skips the fresh slots of tasks they had.
Who leaves out some tags is served lane by lane: one look-up for each lane they take.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Exists, F, OuterRef, Subquery

from labeling.core.models import User
from labeling.core.prepared import Prepared, prepared_cursor
from labeling.models import Annotator, Assignment, GuidelineVersion, Project, QueueCursor

# A cursor may hide a slot (a claim rolled back, a lease of one's own that ran out on a sibling
# slot), so a search that found nothing starts over, though not at every poll.
RESCAN_AFTER = timedelta(seconds=30)
# Others may empty a lane between finding it and claiming in it.
LOST_RACES = 4
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
    # The project's as of now, which may be later than the project at hand.
    generation: int
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
            return Seat(cursor, cursor.latest_guideline, cursor.now_generation, cursor.has_lost_drafts)
        annotator, _ = Annotator.objects.get_or_create(user=user, defaults={"kind": Annotator.Kind.PERSON})
        QueueCursor.objects.get_or_create(project=project, annotator=annotator)


def claim(
    *,
    seat: Seat,
    count: int,
    now: datetime,
    expires_at: datetime,
    lanes: Sequence[int] | None = None,
    besides: Sequence[int] = (),
) -> list[Claim]:
    """Lease up to `count` slots of tasks this person never had; fewer when there are no more. `lanes`
    are those they take, None is all; `besides` are tasks they are being given anyway.

    Safe under concurrency: a lost race costs the loser the next slot, never a double lease.
    """
    cursor = seat.cursor
    before = _position(cursor)
    if cursor.generation != seat.generation:
        _rewind(seat, now)
    claims: list[Claim] = []
    while len(claims) < count:
        taken = [*besides, *(claim.task_id for claim in claims)]
        if lanes is None:
            found = _claim_one(cursor, taken, now, expires_at)
        else:
            found = _claim_in_lanes(cursor, lanes, taken, now, expires_at)
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
        _save(cursor)
    return claims


def _position(cursor: QueueCursor) -> tuple[object, ...]:
    return cursor.generation, cursor.priority, cursor.slot_no, cursor.slot_id, cursor.scanned_at


def _move(cursor: QueueCursor, priority: int | None, slot_no: int, slot_id: int) -> None:
    cursor.priority, cursor.slot_no, cursor.slot_id = priority, slot_no, slot_id


def _save(cursor: QueueCursor) -> None:
    """By hand: after nearly every claim of a queue whose first slots are taken."""
    scanned_at = cursor.scanned_at and connection.ops.adapt_datetimefield_value(cursor.scanned_at)
    with prepared_cursor() as statement:
        statement.execute(
            """UPDATE labeling_queuecursor
                  SET generation = %(generation)s, priority = %(priority)s, slot_no = %(slot_no)s,
                      slot_id = %(slot_id)s, scanned_at = %(scanned_at)s
                WHERE id = %(id)s""",
            {
                "generation": cursor.generation,
                "priority": cursor.priority,
                "slot_no": cursor.slot_no,
                "slot_id": cursor.slot_id,
                "scanned_at": scanned_at,
                "id": cursor.pk,
            },
        )


def _rewind(seat: Seat, now: datetime) -> None:
    _move(seat.cursor, None, 0, 0)
    seat.cursor.generation, seat.cursor.scanned_at = seat.generation, now


def _may_rescan(cursor: QueueCursor, now: datetime) -> bool:
    return cursor.priority is not None and (
        cursor.scanned_at is None or cursor.scanned_at <= now - RESCAN_AFTER
    )


def rewind_own(cursor: QueueCursor) -> None:
    """Search from the start next time: what this person takes has changed. Under the seat's lock."""
    _move(cursor, None, 0, 0)
    cursor.scanned_at = None
    cursor.save(update_fields=["priority", "slot_no", "slot_id", "scanned_at"])


def _claim_in_lanes(
    cursor: QueueCursor,
    lanes: Sequence[int],
    taken: Sequence[int],
    now: datetime,
    expires_at: datetime,
) -> Claim | None:
    """Given back, run out, or fresh in the lane that is first in line."""
    if not lanes:
        return None
    for _ in range(LOST_RACES):
        lane = _first_lane(cursor, lanes, taken)
        found = _claim_one(cursor, taken, now, expires_at, lanes=lanes, fresh_in=lane)
        if found is not None or lane is None:
            return found
    return None


def _first_lane(cursor: QueueCursor, lanes: Sequence[int], taken: Sequence[int]) -> int | None:
    """Where this person's next fresh slot is. Locks nothing, so it is a hint."""
    after_cursor = cursor.priority is not None
    for condition, order in _fresh_conditions(after_cursor=after_cursor):
        sql = f"""
            WITH first_in_lane AS MATERIALIZED (
                SELECT (SELECT s.id FROM labeling_slot s
                         WHERE s.lane_id = l.id AND NOT s.withdrawn AND {condition}
                           AND {_never_had(len(taken))}
                         ORDER BY {order} LIMIT 1) AS id
                  FROM labeling_lane l WHERE l.id IN ({_lane_places(lanes)}))
            SELECT f.lane_id FROM first_in_lane JOIN labeling_slot f ON f.id = first_in_lane.id
             ORDER BY f.priority DESC, f.slot_no, f.id LIMIT 1"""
        with prepared_cursor() as statement:
            statement.execute(sql, _parameters(cursor, taken, lanes))
            if row := statement.fetchone():
                return row[0]
    return None


def _claim_one(
    cursor: QueueCursor,
    taken: Sequence[int],
    now: datetime,
    expires_at: datetime,
    *,
    lanes: Sequence[int] | None = None,
    fresh_in: int | None = None,
) -> Claim | None:
    sql = _claim_sql(
        after_cursor=cursor.priority is not None, num_taken=len(taken), lanes=lanes, fresh_in=fresh_in
    )
    parameters = {
        **_parameters(cursor, taken, lanes or (), fresh_in),
        "now": connection.ops.adapt_datetimefield_value(now),
        "expires_at": connection.ops.adapt_datetimefield_value(expires_at),
    }
    with prepared_cursor() as statement:
        statement.execute(sql, parameters)
        row = statement.fetchone()
    return Claim(*row) if row else None


def _parameters(
    cursor: QueueCursor, taken: Sequence[int], lanes: Sequence[int] = (), fresh_in: int | None = None
) -> dict[str, int | None]:
    return {
        "project": cursor.project_id,
        "annotator": cursor.annotator_id,
        "priority": cursor.priority,
        "slot_no": cursor.slot_no,
        "slot_id": cursor.slot_id,
        "fresh_in": fresh_in,
        **{f"taken_{number}": task_id for number, task_id in enumerate(taken)},
        **{f"lane_{number}": lane for number, lane in enumerate(lanes)},
    }


def _never_had(num_taken: int) -> str:
    # A scalar subquery and not NOT EXISTS: it stays one index look-up for each slot tried, where a
    # planner with old statistics would read the person's whole history for an anti-join. And not IS
    # NULL, which PostgreSQL takes to be rare: it would sort a whole lane to find what the first row is.
    taken = ", ".join(f"%(taken_{number})s" for number in range(num_taken))
    return f"""
        COALESCE((SELECT 1 FROM labeling_assignment a
                   WHERE a.task_id = s.task_id AND a.annotator_id = %(annotator)s
                     AND a.state IN ('leased', 'submitted', 'skipped', 'released', 'surplus')
                   LIMIT 1), 0) <> 1
        {f"AND s.task_id NOT IN ({taken})" if taken else ""}"""


def _fresh_conditions(*, after_cursor: bool) -> list[tuple[str, str]]:
    """(condition, order) of the probes for fresh slots, in the order to try them."""
    # Literals, because a partial index is chosen only when its condition is spelled out.
    fresh, breadth_first = "s.state = 'open' AND s.fence = 0", "s.priority DESC, s.slot_no, s.id"
    if not after_cursor:
        return [(fresh, breadth_first)]
    # Not `(slot_no, id) > (…)`: of that SQLite uses the first part alone, and walks the rest.
    here = f"{fresh} AND s.priority = %(priority)s"
    return [
        (f"{here} AND s.slot_no = %(slot_no)s AND s.id > %(slot_id)s", "s.id"),
        (f"{here} AND s.slot_no > %(slot_no)s", "s.slot_no, s.id"),
        (f"{fresh} AND s.priority < %(priority)s", breadth_first),
    ]


def _claim_sql(
    *, after_cursor: bool, num_taken: int, lanes: Sequence[int] | None, fresh_in: int | None
) -> str:
    # PostgreSQL passes over rows that another claim is taking; SQLite's writers, whose
    # transactions are IMMEDIATE, never meet.
    lock = "FOR UPDATE SKIP LOCKED" if connection.features.has_select_for_update_skip_locked else ""

    def probe(condition: str, order: str) -> str:
        return f"""(SELECT s.id FROM labeling_slot s
             WHERE NOT s.withdrawn AND {condition} AND {_never_had(num_taken)}
             ORDER BY {order} LIMIT 1 {lock})"""

    in_project = "s.project_id = %(project)s"
    in_lanes = in_project if lanes is None else f"{in_project} AND s.lane_id IN ({_lane_places(lanes)})"
    probes = [
        probe(f"{in_lanes} AND s.state = 'open' AND s.fence > 0", "s.priority DESC, s.slot_no, s.id"),
        probe(f"{in_lanes} AND s.state = 'leased' AND s.lease_expires_at < %(now)s", "s.lease_expires_at"),
    ]
    if lanes is None or fresh_in is not None:
        where = in_project if fresh_in is None else "s.lane_id = %(fresh_in)s"
        probes += [
            probe(f"{where} AND {condition}", order)
            for condition, order in _fresh_conditions(after_cursor=after_cursor)
        ]
    return f"""
        UPDATE labeling_slot
           SET state = 'leased', fence = fence + 1, lease_expires_at = %(expires_at)s
         WHERE id = COALESCE({", ".join(probes)})
           AND (state = 'open' OR (state = 'leased' AND lease_expires_at < %(now)s))
     RETURNING id, task_id, slot_no, priority, fence"""


def _lane_places(lanes: Sequence[int]) -> str:
    # Values apart from the statement, which is planned once for all who take as many lanes.
    return ", ".join(f"%(lane_{number})s" for number in range(len(lanes)))


def _latest_guideline() -> Subquery:
    versions = GuidelineVersion.objects.filter(project=OuterRef("project")).order_by("-number")
    return Subquery(versions.values("number")[:1])


def _lost_drafts() -> Exists:
    # One look into the index of drafts, of which a person has few.
    drafts = Assignment.objects.filter(annotator=OuterRef("annotator"), draft__isnull=False)
    return Exists(drafts.filter(state=Assignment.State.EXPIRED))


_seats = Prepared(
    lambda project_id, user_id: (
        QueueCursor.objects.select_for_update(of=("self",))
        .filter(project=project_id, annotator__user=user_id)
        .annotate(
            latest_guideline=_latest_guideline(),
            now_generation=F("project__queue_generation"),
            has_lost_drafts=_lost_drafts(),
        )
    )
)
