"""Rules of a project: what they may say, and what they do when a figure is past its threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from labeling.core.errors import DomainError, NotFound
from labeling.core.models import User
from labeling.core.services import audit
from labeling.models import Annotator, Project, QualityFigures, QualityRule, RuleEvent, Task
from labeling.quality.outcomes import Judged, task_agreement
from labeling.selectors import judged as rows
from labeling.selectors.judged import OPINION_ARMS
from labeling.selectors.quality import pauses as pauses_of
from labeling.selectors.quality import reliabilities
from labeling.services import adjudication, pauses
from labeling.services.quality_figures import announce

Measure, Action = QualityRule.Measure, QualityRule.Action

WORDS = {
    Measure.GOLD_ACCURACY: "gold accuracy",
    Measure.SELF_CONSISTENCY: "self-consistency on repeats",
    Measure.TOO_FAST_SHARE: "share answered faster than anyone reads",
    Measure.LEFT_BIAS: "distance of the first-shown share from one half",
    Measure.LENGTH_BIAS: "distance of the longer-wins share from everybody else's",
    Measure.RELIABILITY: "reliability",
    Measure.TASK_AGREEMENT: "agreement on the task",
}
# These fire above their threshold, the others below.
FIRES_ABOVE = {Measure.TOO_FAST_SHARE, Measure.LEFT_BIAS, Measure.LENGTH_BIAS}
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
DETAILS = ("measure", "action", "threshold", "min_num", "is_enabled")


@dataclass(frozen=True, slots=True)
class Figure:
    value: float
    low: float | None
    high: float | None
    n: int


@transaction.atomic
def add_rule(
    *,
    actor: User,
    project: Project,
    measure: str,
    action: str,
    threshold: float,
    min_num: int,
    now: datetime,
    is_enabled: bool = True,
) -> QualityRule:
    rule = QualityRule(
        project=project,
        measure=measure,
        action=action,
        threshold=threshold,
        min_num=min_num,
        is_enabled=is_enabled,
        created_at=now,
    )
    _check(rule)
    rule.save()
    _record(actor, rule, "rule.added")
    return rule


@transaction.atomic
def change_rule(*, actor: User, project: Project, rule_id: int, changes: Mapping[str, Any]) -> QualityRule:
    rule = find_rule(project=project, rule_id=rule_id)
    for name, value in changes.items():
        setattr(rule, name, value)
    _check(rule)
    rule.save()
    _record(actor, rule, "rule.changed")
    return rule


@transaction.atomic
def remove_rule(*, actor: User, project: Project, rule_id: int) -> None:
    rule = find_rule(project=project, rule_id=rule_id)
    _record(actor, rule, "rule.removed")
    rule.delete()


def find_rule(*, project: Project, rule_id: int) -> QualityRule:
    rule = QualityRule.objects.filter(project=project, pk=rule_id).first()
    if rule is None:
        raise NotFound("There is no such rule: the list may be old, reload it.")
    return rule


def _check(rule: QualityRule) -> None:
    of_task = rule.measure == Measure.TASK_AGREEMENT
    fitting = {Action.NOTIFY, Action.ADJUDICATE if of_task else Action.PAUSE}
    if rule.action not in fitting:
        what = "A task" if of_task else "An annotator"
        raise DomainError(
            f"{what}’s {WORDS[Measure(rule.measure)]} cannot {rule.action}: "
            f"use {' or '.join(sorted(fitting))}.",
            fields={"action": ["Does not fit the measure."]},
        )
    if not 0 <= rule.threshold <= 1:
        raise DomainError(
            "The threshold is a share: send a number from 0 to 1.", fields={"threshold": ["0 to 1."]}
        )
    least = 2 if of_task else 1
    if rule.min_num < least:
        raise DomainError(f"Ask for at least {least} judgments.", fields={"min_num": [f"At least {least}."]})


def _record(actor: User, rule: QualityRule, action: str) -> None:
    data = {name: getattr(rule, name) for name in DETAILS}
    audit.record(actor=actor, action=action, project_id=rule.project_id, obj=rule, data=data)


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
    if rule.action == Action.PAUSE and annotator is not None:
        told = TOLD.get(Measure(rule.measure), "")
        pauses.pause(actor=None, project=project, annotator=annotator, now=now, reason=told, why=message)
    if rule.action == Action.ADJUDICATE and task is not None:
        adjudication.ask(project=project, task=task, reason=message, now=now)
    announce(project.pk)
    return event


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
