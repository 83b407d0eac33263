"""Which lane a task runs in, and which lanes a person takes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from labeling.messages import content_hash
from labeling.models import Batch, Lane, Prompt, Task


def lanes_of(*, batch: Batch, tasks: Sequence[Task]) -> dict[int, int]:
    """The lane's id of each task, by the tags its prompt carries now; new lanes are created."""
    rows = Prompt.objects.filter(pk__in={task.prompt_id for task in tasks})
    kinds = {
        prompt_id: (sorted({*tags, *risk_tags}), bool(risk_tags))
        for prompt_id, tags, risk_tags in rows.values_list("pk", "tags", "risk_tags")
    }
    digests = {prompt_id: content_hash(list(kind)) for prompt_id, kind in kinds.items()}
    wanted = {digests[prompt_id]: kind for prompt_id, kind in kinds.items()}
    lanes = Lane.objects.filter(batch=batch, digest__in=wanted)
    known: dict[str, int] = dict(lanes.values_list("digest", "pk"))
    new = [
        Lane(project_id=batch.project_id, batch=batch, tags=tags, is_risky=is_risky, digest=digest)
        for digest, (tags, is_risky) in wanted.items()
        if digest not in known
    ]
    if new:
        Lane.objects.bulk_create(new, ignore_conflicts=True)
        known = dict(lanes.all().values_list("digest", "pk"))
    return {task.pk: known[digests[task.prompt_id]] for task in tasks}


def lanes_taken(
    *,
    project_id: int,
    opted_out: Collection[str],
    batches_left_out: Collection[int] = (),
    without_risk: bool = False,
) -> list[int]:
    """The lanes of somebody who leaves out these tags and batches, and perhaps all risk tags."""
    left_out = set(opted_out)
    lanes = Lane.objects.filter(project=project_id).exclude(batch__in=batches_left_out)
    if without_risk:
        lanes = lanes.exclude(is_risky=True)
    return [pk for pk, tags in lanes.values_list("pk", "tags") if not left_out & set(tags)]
