"""What a person is told of a known answer."""

from __future__ import annotations

from labeling.models import Assignment, GoldAnswer, Judgment, Task
from labeling.models.queue import Arm
from labeling.quality.outcomes import is_gold_answer


def shows_answer(task: Task) -> bool:
    """Whether who judges this task now is told the known answer."""
    return task.arm == Arm.GOLD and GoldAnswer.objects.filter(task=task, feedback=True).exists()


def has_seen_answer(*, task: Task, annotator_id: int) -> bool:
    return (
        task.arm == Arm.GOLD
        and Judgment.objects.filter(
            task=task, annotator=annotator_id, presentation__answer_shown=True
        ).exists()
    )


def feedback_of(*, assignment: Assignment, judgment_id: int) -> dict[str, object] | None:
    """What a person is told after they judged a gold task, in the keys they were shown; None where
    the task is not gold or its gold was silent."""
    if assignment.task.arm != Arm.GOLD:
        return None
    judgment = Judgment.objects.get(pk=judgment_id)
    if not judgment.presentation.get("answer_shown"):
        return None
    answer = GoldAnswer.objects.get(task=assignment.task_id)
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
