"""What rules do when a figure is past its threshold: pause, tell, send to adjudication."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from labeling.core.services import audit
from labeling.models import Annotator, Project, QualityFigures, QualityRule, RuleEvent, Task
from labeling.models.notices import Event
from labeling.quality.outcomes import Judged, task_agreement
from labeling.selectors import judged as rows
from labeling.selectors.judged import OPINION_ARMS
from labeling.selectors.quality import pauses as pauses_of
from labeling.selectors.quality import reliabilities
from labeling.services import adjudication, notifications, pauses
from labeling.services.quality_figures import announce
from labeling.services.quality_rules import FIRES_ABOVE, WORDS, Action, Measure

# What someone who is paused may read; nothing in it tells of gold.
TOLD = {
    Measure.TOO_FAST_SHARE: (
        "Your answers come faster than the texts can be read, so your work is paused: talk to a lead."
    ),
}
DONE = {
    Action.PAUSE: "the annotator was paused",
    Action.NOTIFY: "leads are told",
    Action.ADJUDICATE: "the task was sent to adjudication",
}


@dataclass(frozen=True, slots=True)
class Figure:
    value: float
    low: float | None
    high: float | None
    n: int


# --- of annotators ---------------------------------------------------------------------


def apply_to_annotators(*, project: Project, figures: QualityFigures, now: datetime) -> list[RuleEvent]:
    """Do what the rules say of the figures as they are. A rule speaks of the same person again
    only after `min_num` more judgments, so that someone who was let go on has a chance."""
    rules = [r for r in _enabled(project) if r.measure != Measure.TASK_AGREEMENT]
    if not rules or not figures.annotators:
        return []
    reliability = reliabilities(project_id=project.pk)
    paused = set(pauses_of(project_id=project.pk))
    people = {
        one.pk: one
        for one in Annotator.objects.filter(pk__in=[row["annotator_id"] for row in figures.annotators])
    }
    spoken = _last_n(project)
    events = []
    for rule in rules:
        for row in figures.annotators:
            annotator = people.get(row["annotator_id"])
            figure = annotator and _figure(rule, row, reliability)
            if not annotator or not figure or not _fires(rule, figure):
                continue
            before = spoken.get((rule.pk, annotator.pk))
            if before is not None and figure.n < before + rule.min_num:
                continue
            if rule.action == Action.PAUSE:
                # Who has no login asks for no tasks.
                if annotator.pk in paused or annotator.user_id is None:
                    continue
                paused.add(annotator.pk)
            events.append(_act(project, rule, figure, now, annotator=annotator))
    return events


def _figure(rule: QualityRule, row: Mapping[str, Any], reliability: Mapping[int, Any]) -> Figure | None:
    measure = Measure(rule.measure)
    if measure == Measure.RELIABILITY:
        found = reliability.get(row["annotator_id"])
        return found and Figure(found.value, found.low, found.high, found.n)
    if measure == Measure.LEFT_BIAS:
        return _distance(row["left_share"], 0.5)
    if measure == Measure.LENGTH_BIAS:
        return _distance(row["longer_share"], row["longer_share_of_others"])
    estimate = row[measure.value]
    if estimate["value"] is None:
        return None
    return Figure(estimate["value"], estimate["low"], estimate["high"], estimate["n"])


def _distance(estimate: Mapping[str, Any], center: float | None) -> Figure | None:
    if estimate["value"] is None or center is None:
        return None
    return Figure(abs(estimate["value"] - center), None, None, estimate["n"])


def _fires(rule: QualityRule, figure: Figure) -> bool:
    if figure.n < rule.min_num:
        return False
    above = Measure(rule.measure) in FIRES_ABOVE
    return figure.value > rule.threshold if above else figure.value < rule.threshold


def _last_n(project: Project) -> dict[tuple[int, int], int]:
    rows_ = (
        RuleEvent.objects.filter(project=project, rule__isnull=False, annotator__isnull=False)
        .order_by()
        .values_list("rule_id", "annotator_id")
        .annotate(n=Max("n"))
    )
    return {(rule_id, annotator_id): n for rule_id, annotator_id, n in rows_}


# --- of tasks --------------------------------------------------------------------------


def apply_to_tasks(*, project: Project, task_ids: Sequence[int], now: datetime) -> list[RuleEvent]:
    """Each rule speaks of a task once."""
    rules = [r for r in _enabled(project) if r.measure == Measure.TASK_AGREEMENT]
    if not rules or not task_ids:
        return []
    by_task: dict[int, list[Judged]] = {}
    for row in rows.of_tasks(project_id=project.pk, task_ids=task_ids):
        if row.arm in OPINION_ARMS:
            by_task.setdefault(row.task_id, []).append(row)
    events = []
    for task_id, judged in by_task.items():
        said = [one.outcomes() for one in judged if one.outcomes()]
        value = task_agreement(said)
        if value is None:
            continue
        figure = Figure(value, None, None, len(said))
        for rule in rules:
            if _fires(rule, figure) and not RuleEvent.objects.filter(rule=rule, task=task_id).exists():
                event = _act_on_task(project, rule, figure, Task.objects.get(pk=task_id), now)
                events += [event] if event else []
    return events


def _act_on_task(
    project: Project, rule: QualityRule, figure: Figure, task: Task, now: datetime
) -> RuleEvent | None:
    if rule.action == Action.ADJUDICATE and task.arm in adjudication.NEVER_ADJUDICATED:
        return None
    try:
        return _act(project, rule, figure, now, task=task)
    except IntegrityError:  # another sweep said so at the same moment
        return None


# --- acting ----------------------------------------------------------------------------


@transaction.atomic
def _act(
    project: Project,
    rule: QualityRule,
    figure: Figure,
    now: datetime,
    *,
    annotator: Annotator | None = None,
    task: Task | None = None,
) -> RuleEvent:
    """The log line, the audit event and the deed, or none of them."""
    message = _message(rule, figure)
    event = RuleEvent.objects.create(
        project=project,
        rule=rule,
        rule_text=str(rule),
        action=rule.action,
        annotator=annotator,
        task=task,
        value=figure.value,
        low=figure.low,
        high=figure.high,
        n=figure.n,
        message=message,
        created_at=now,
    )
    audit.record(
        actor=None,
        action=f"rule.{rule.action}",
        project_id=project.pk,
        obj=annotator or task or rule,
        data={"rule": rule.pk, "event": event.pk, "message": message},
    )
    if rule.action == Action.NOTIFY:
        notifications.notify(project, Event.RULE_FIRED, _news(event), now=now)
    if rule.action == Action.PAUSE and annotator is not None:
        told = TOLD.get(Measure(rule.measure), "")
        pauses.pause(actor=None, project=project, annotator=annotator, now=now, reason=told, why=message)
    if rule.action == Action.ADJUDICATE and task is not None:
        adjudication.ask(project=project, task=task, reason=message, now=now)
    announce(project.pk)
    return event


def _news(event: RuleEvent) -> dict[str, Any]:
    of_task = event.task_id is not None
    return {
        "rule": event.rule_id,
        "annotator": event.annotator_id,
        "task": event.task_id,
        "about": f"task {event.task_id}" if of_task else f"annotator {event.annotator_id}",
        "value": event.value,
        "n": event.n,
        "message": event.message,
    }


def _message(rule: QualityRule, figure: Figure) -> str:
    measure = Measure(rule.measure)
    between = "" if figure.low is None or figure.high is None else f"{figure.low:.2f} to {figure.high:.2f}, "
    side = "above" if measure in FIRES_ABOVE else "below"
    words = WORDS[measure]
    return (
        f"{words[0].upper()}{words[1:]} is {figure.value:.2f} ({between}n {figure.n}), {side} "
        f"{rule.threshold:.2f}: {DONE[Action(rule.action)]}."
    )


def _enabled(project: Project) -> list[QualityRule]:
    return list(QualityRule.objects.filter(project=project, is_enabled=True).order_by("pk"))
