"""Rules of a project and what they may say; `quality_actions` does what they ask."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from labeling.core.errors import DomainError, NotFound
from labeling.core.models import User
from labeling.core.services import audit
from labeling.models import Project, QualityRule

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
DETAILS = ("measure", "action", "threshold", "min_num", "is_enabled")


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
