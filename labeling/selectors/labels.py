"""What was said, as rows: for snapshots, exports and counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from labeling.messages import Message
from labeling.models import Generator, Hold, Judgment, Response, Slot, Task
from labeling.models.judgments import Verdict
from labeling.models.queue import Arm
from labeling.selectors import pages
from labeling.selectors.pages import Judged

# What may be trained on. Evaluation judgments measure models, and a hidden repeat asks one person the
# same again: it measures them, and would count what they said twice.
TRAINING_ARMS = (Arm.ACTIVE, Arm.RANDOM, Arm.GOLD, Arm.ADJUDICATION)


class ComparisonRow(NamedTuple):
    """In a tie, winner and loser are merely the two sides."""

    judgment_id: int
    prompt_id: int
    prompt_messages: list[Message]
    winner_messages: list[Message]
    loser_messages: list[Message]
    winner_id: int
    loser_id: int
    winner_finish: str
    loser_finish: str
    is_tie: bool
    strength: int | None
    annotator_id: int
    split: str
    arm: str
    licence: str
    created_at: datetime
    # The winner is the judge's own edit of what they ranked first.
    from_edit: bool


class DemonstrationRow(NamedTuple):
    """`judgment_id` and `annotator_id` are null for what was imported as a person's writing."""

    response_id: int
    prompt_id: int
    prompt_messages: list[Message]
    messages: list[Message]
    split: str
    licence: str
    edited_from: int | None
    judgment_id: int | None
    annotator_id: int | None
    created_at: datetime


def standing(project_id: int, *, at: datetime | None = None) -> QuerySet[Judgment]:
    """The judgments that count: everybody's last word, but for what they took back and what a reviewer
    sent back to them. With `at`, as it stood then, whatever was corrected since."""
    rows = Judgment.objects.filter(project_id=project_id)
    if at is None:
        return rows.filter(superseded_at=None, returned_at=None)
    still_standing = Q(superseded_at=None) | Q(superseded_at__gt=at)
    not_returned = Q(returned_at=None) | Q(returned_at__gt=at)
    return rows.filter(still_standing, not_returned, created_at__lte=at)


def selected(
    *,
    project_id: int,
    arms: Sequence[str] | None = None,
    splits: Sequence[str] | None = None,
    until: datetime | None = None,
    prefer_adjudicated: bool = False,
    adjudicated_only: bool = False,
) -> QuerySet[Judgment]:
    """Judgments that count.

    `prefer_adjudicated` leaves out what annotators said of tasks that a lead has decided since;
    `adjudicated_only` keeps nothing but the leads' decisions.
    """
    rows = standing(project_id, at=until)
    if arms is not None:
        rows = rows.filter(task__arm__in=arms)
    if splits is not None:
        rows = rows.filter(task__prompt__split__in=splits)
    if prefer_adjudicated:
        decisions = standing(project_id, at=until).filter(task__adjudicates__task=OuterRef("task"))
        rows = rows.filter(~Exists(decisions))
    if adjudicated_only:
        rows = rows.filter(task__arm=Arm.ADJUDICATION)
    return rows


def judgments(
    *,
    project_id: int,
    arms: Sequence[str] | None = None,
    splits: Sequence[str] | None = None,
    until: datetime | None = None,
    prefer_adjudicated: bool = False,
    adjudicated_only: bool = False,
) -> Iterator[Judged]:
    """`selected` judgments, whole, in the order of their storing."""
    return pages.judged(
        selected(
            project_id=project_id,
            arms=arms,
            splits=splits,
            until=until,
            prefer_adjudicated=prefer_adjudicated,
            adjudicated_only=adjudicated_only,
        )
    )


def comparisons(
    *,
    project_id: int,
    arms: Sequence[str] | None = None,
    splits: Sequence[str] | None = None,
    until: datetime | None = None,
    prefer_adjudicated: bool = False,
    adjudicated_only: bool = False,
) -> Iterator[ComparisonRow]:
    """The pairs of `judgments`, in their order."""
    for one in judgments(
        project_id=project_id,
        arms=arms,
        splits=splits,
        until=until,
        prefer_adjudicated=prefer_adjudicated,
        adjudicated_only=adjudicated_only,
    ):
        for pair in one.pairs():
            yield ComparisonRow(
                judgment_id=one.id,
                prompt_id=one.prompt.id,
                prompt_messages=one.prompt.messages,
                winner_messages=pair.winner.messages,
                loser_messages=pair.loser.messages,
                winner_id=pair.winner.id,
                loser_id=pair.loser.id,
                winner_finish=pair.winner.finish,
                loser_finish=pair.loser.finish,
                is_tie=pair.is_tie,
                strength=pair.strength,
                annotator_id=one.annotator_id,
                split=one.prompt.split,
                arm=one.arm,
                licence=one.prompt.licence,
                created_at=one.created_at,
                from_edit=pair.from_edit,
            )


def written_by_people(
    *,
    project_id: int,
    arms: Sequence[str] | None = None,
    splits: Sequence[str] | None = None,
    until: datetime | None = None,
) -> QuerySet[Any]:
    """What people wrote, or edited into shape, with the `judgment_id` and `annotator_id` it was written
    in. What was written in a judgment counts while the judgment does; `arms` are those judgments'."""
    by_people = Q(generator__kind=Generator.Kind.PERSON) | Q(edited_from__isnull=False)
    judged = Judgment.objects.filter(written_response=OuterRef("pk"))
    counts = standing(project_id, at=until).filter(written_response=OuterRef("pk")).order_by("pk")
    if arms is not None:
        counts = counts.filter(task__arm__in=arms)
    rows = (
        Response.objects.filter(by_people, prompt__project_id=project_id)
        .annotate(
            judgment_id=Subquery(counts.values("pk")[:1]),
            annotator_id=Subquery(counts.values("annotator_id")[:1]),
        )
        .filter(Q(judgment_id__isnull=False) | ~Exists(judged))
    )
    if splits is not None:
        rows = rows.filter(prompt__split__in=splits)
    if until is not None:
        rows = rows.filter(created_at__lte=until)
    return rows


def demonstrations(
    *,
    project_id: int,
    arms: Sequence[str] | None = None,
    splits: Sequence[str] | None = None,
    until: datetime | None = None,
) -> Iterator[DemonstrationRow]:
    """`written_by_people`, in the order of storing."""
    rows = written_by_people(project_id=project_id, arms=arms, splits=splits, until=until)
    for prompt, response, judgment_id, annotator_id, created_at in pages.written(rows):
        yield DemonstrationRow(
            response_id=response.id,
            prompt_id=prompt.id,
            prompt_messages=prompt.messages,
            messages=response.messages,
            split=prompt.split,
            licence=prompt.licence,
            edited_from=response.edited_from,
            judgment_id=judgment_id,
            annotator_id=annotator_id,
            created_at=created_at,
        )


def num_judgments(
    *,
    project_id: int,
    arms: Sequence[str] | None = None,
    since: datetime | None = None,
    splits: Sequence[str] | None = None,
) -> int:
    """Judgments that count and compare something: not “cannot judge”, and not written."""
    rows = (
        selected(project_id=project_id, arms=arms, splits=splits)
        .exclude(verdict=Verdict.CANNOT_JUDGE)
        .exclude(task__kind=Task.Kind.DEMONSTRATE)
    )
    if since is not None:
        rows = rows.filter(created_at__gte=since)
    return rows.count()


def open_slots(
    *,
    project_id: int,
    arms: Sequence[str] | None = None,
    splits: Sequence[str] | None = None,
    now: datetime | None = None,
) -> int:
    """Comparing judgments that someone could start on; with `now`, a lease that ran out counts too."""
    free = Q(state=Slot.State.OPEN)
    if now is not None:
        free |= Q(state=Slot.State.LEASED, lease_expires_at__lt=now)
    slots = Slot.objects.filter(free, project_id=project_id, withdrawn=False).exclude(
        task__kind=Task.Kind.DEMONSTRATE
    )
    if arms is not None:
        slots = slots.filter(arm__in=arms)
    if splits is not None:
        slots = slots.filter(task__prompt__split__in=splits)
    return slots.count()


def held_slots(
    *, project_id: int, arms: Sequence[str] | None = None, splits: Sequence[str] | None = None
) -> int:
    """Judgments that someone could start on once a lead has released what the leak gate holds back."""
    slots = Slot.objects.filter(
        project_id=project_id, task__hold__project=project_id, task__hold__state=Hold.State.HELD
    )
    if arms is not None:
        slots = slots.filter(arm__in=arms)
    if splits is not None:
        slots = slots.filter(task__prompt__split__in=splits)
    return slots.count()
