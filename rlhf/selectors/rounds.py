"""Reading rounds."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from labeling.core.errors import NotFound
from rlhf.models import ModelVersion, Round, RoundDefaults, RoundStep
from rlhf.selectors import evaluations
from rlhf.selectors import models as model_selectors
from rlhf.selectors.evaluations import Standing
from rlhf.specs import RoundSpec

RELATED = (
    "project",
    "created_by",
    "policy_in__parent",
    "policy_in__project",
    "policy_out__parent",
    "policy_out__project",
)


def of_project(*, project_id: int) -> QuerySet[Round]:
    return Round.objects.filter(project_id=project_id).select_related(*RELATED).prefetch_related("steps__run")


def get(*, round_id: int) -> Round:
    found = Round.objects.filter(pk=round_id).select_related(*RELATED).prefetch_related("steps__run").first()
    if found is None:
        raise unknown(round_id)
    return found


def unknown(round_id: int) -> NotFound:
    return NotFound(f"There is no round {round_id} that you can open: take one from the project's list.")


def standings(*, of: Round) -> list[Standing]:
    """How its new policy compares; empty before the evaluation."""
    step = next((step for step in of.steps.all() if step.name == RoundStep.Name.EVALUATE), None)
    return evaluations.of_run(run_id=step.run_id) if step is not None and step.run_id else []


def num_next_tasks(*, of: Round) -> int | None:
    """How many tasks the next round's samples became; null until they are in the queue."""
    step = RoundStep.objects.filter(
        round__project_id=of.project_id,
        round__number=of.number + 1,
        name=RoundStep.Name.SAMPLE,
        state=RoundStep.State.DONE,
    ).first()
    return step.summary.get("tasks") if step is not None else None


def defaults(*, project_id: int) -> dict[str, Any]:
    """What the launch form starts from: the newest round's spec, else what the project stored,
    else the schema's own; always with the policy in use. `policy` is empty in a project without
    models."""
    newest = Round.objects.filter(project_id=project_id).order_by("-number").first()
    stored = RoundDefaults.objects.filter(project_id=project_id).first()
    raw: dict[str, Any] = dict(newest.spec if newest else stored.spec if stored else {})
    promoted = model_selectors.promoted_policy(project_id=project_id)
    if promoted is not None:
        raw["policy"] = str(promoted)
    elif "policy" not in raw:
        raw["policy"] = _some_model(project_id)
    return RoundSpec.model_validate({**raw, "policy": raw["policy"] or "?"}).model_dump(mode="json") | {
        "policy": raw["policy"]
    }


def _some_model(project_id: int) -> str:
    usable = ModelVersion.objects.filter(project_id=project_id).exclude(kind=ModelVersion.Kind.REWARD)
    newest = usable.exclude(stage=ModelVersion.Stage.RETIRED).order_by("-id").first()
    return str(newest) if newest else ""
