"""Reading the registry, and the lineage of models in both directions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import QuerySet

from labeling.core.errors import NotFound
from rlhf.models import ModelVersion, Run, Snapshot, SnapshotJudgment, model_ids


def of_project(*, project_id: int) -> QuerySet[ModelVersion]:
    return ModelVersion.objects.filter(project_id=project_id).select_related("parent", "project")


def get(*, model_id: int) -> ModelVersion:
    found = ModelVersion.objects.filter(pk=model_id).select_related("parent", "project").first()
    if found is None:
        raise unknown(model_id)
    return found


def unknown(model_id: int) -> NotFound:
    return NotFound(f"There is no model {model_id} that you can open: take one from the project's list.")


def promoted_policy(*, project_id: int) -> ModelVersion | None:
    return (
        ModelVersion.objects.filter(
            project_id=project_id, kind=ModelVersion.Kind.POLICY, stage=ModelVersion.Stage.PROMOTED
        )
        .order_by("-id")
        .first()
    )


class Lineage(NamedTuple):
    snapshots: list[Snapshot]
    num_judgments: int
    ancestors: list[ModelVersion]
    runs: list[Run]


def lineage(*, model: ModelVersion) -> Lineage:
    """Everything that made `model`: the models it grew from (reward models too), the runs that
    trained them, and the snapshots and judgments those runs read."""
    seen = _closure([model.pk], _parents(model.project_id)) - {model.pk}
    runs = list(Run.objects.filter(produced_model__in=[model.pk, *seen]).order_by("id"))
    used = {run.inputs["snapshot"] for run in runs if run.inputs.get("snapshot")}
    snapshots = list(
        Snapshot.objects.filter(pk__in=used).select_related("project", "created_by").order_by("id")
    )
    num_judgments = SnapshotJudgment.objects.filter(snapshot__in=used).values("judgment").distinct().count()
    ancestors = of_project(project_id=model.project_id).filter(pk__in=seen).order_by("id")
    return Lineage(snapshots, num_judgments, list(ancestors), runs)


def judgments_of(*, model: ModelVersion) -> QuerySet[SnapshotJudgment]:
    """A link for each judgment that made `model`."""
    used = [snapshot.pk for snapshot in lineage(model=model).snapshots]
    return SnapshotJudgment.objects.filter(snapshot__in=used)


def touched_by(*, project_id: int, judgment_id: int) -> list[ModelVersion]:
    """Every model that this judgment helped to make, directly or through a model before it."""
    snapshots = set(
        SnapshotJudgment.objects.filter(judgment_id=judgment_id, snapshot__project_id=project_id).values_list(
            "snapshot_id", flat=True
        )
    )
    direct = ModelVersion.objects.filter(
        project_id=project_id, produced_by__inputs__snapshot__in=list(snapshots)
    )
    touched = _closure(direct.values_list("pk", flat=True), _children(_parents(project_id)))
    return list(of_project(project_id=project_id).filter(pk__in=touched).order_by("id"))


def read_by(*, run: Run) -> dict[int, ModelVersion]:
    """Every version that a run reads; with an adapter also what it was trained on."""
    found: dict[int, ModelVersion] = {}
    wanted = set(run.model_ids)
    while wanted:
        found |= {model.pk: model for model in ModelVersion.objects.filter(pk__in=wanted)}
        bases = [model.parent_id for model in found.values() if model.is_adapter]
        wanted = {number for number in bases if number is not None} - found.keys()
    return found


def _parents(project_id: int) -> dict[int, set[int]]:
    """Model → the models its run read. A project has few models, so one query reads them all."""
    parents: dict[int, set[int]] = defaultdict(set)
    rows = ModelVersion.objects.filter(project_id=project_id).values_list(
        "pk", "parent_id", "produced_by__inputs"
    )
    for model_id, parent_id, inputs in rows:
        if parent_id:
            parents[model_id].add(parent_id)
        parents[model_id].update(model_ids(inputs))
    return parents


def _children(parents: dict[int, set[int]]) -> dict[int, set[int]]:
    children: dict[int, set[int]] = defaultdict(set)
    for model_id, found in parents.items():
        for parent_id in found:
            children[parent_id].add(model_id)
    return children


def _closure(start: Iterable[int], edges: dict[int, set[int]]) -> set[int]:
    seen = set(start)
    queue = list(seen)
    while queue:
        new = edges[queue.pop()] - seen
        seen |= new
        queue += new
    return seen
