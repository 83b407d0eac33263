"""What a person is told of a known answer."""

from __future__ import annotations

from labeling.models import Assignment, GoldAnswer, Judgment
from labeling.models.queue import Arm
from labeling.quality.outcomes import is_gold_answer


def feedback_of(*, assignment: Assignment, judgment_id: int) -> dict[str, object] | None:
    """What a person is told after they judged a gold task, in the keys they were shown; None where
    the task is not gold or its gold is silent."""
    if assignment.task.arm != Arm.GOLD:
        return None
    answer = GoldAnswer.objects.filter(task=assignment.task_id, feedback=True).first()
    if answer is None:
        return None
    judgment = Judgment.objects.get(pk=judgment_id)
    keys = {place["response"]: place["key"] for place in assignment.presented}
    return {
        "right": is_gold_answer(
            gold_tiers=answer.tiers,
            gold_verdict=answer.verdict,
            tiers=judgment.tiers,
            verdict=judgment.verdict,
        ),
        "tiers": [[keys[response_id] for response_id in tier] for tier in answer.tiers],
        "explanation": answer.explanation,
    }
