"""Whether a judgment of a task with a known answer was right."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from labeling.models import Assignment, GoldAnswer, Judgment
from labeling.models.judgments import Verdict
from labeling.models.queue import Arm


def is_right(*, answer: Sequence[Sequence[int]], tiers: Sequence[Sequence[int]]) -> bool:
    """The judgment puts no pair the other way round, and ties none that the answer tells apart.

    What the answer ties says nothing of the pair: `[[a], [b, c]]` asks only that a be best.
    """
    wanted, said = _tier_of(answer), _tier_of(tiers)
    if wanted.keys() != said.keys():
        return False
    return all(
        (wanted[one] < wanted[other]) == (said[one] < said[other])
        and (wanted[one] > wanted[other]) == (said[one] > said[other])
        for one, other in combinations(wanted, 2)
        if wanted[one] != wanted[other]
    ) and (len(answer) > 1 or len(tiers) == 1)


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
        "right": _is_right(answer, judgment),
        "tiers": [[keys[response_id] for response_id in tier] for tier in answer.tiers],
        "explanation": answer.explanation,
    }


def _is_right(answer: GoldAnswer, judgment: Judgment) -> bool:
    if answer.verdict != Verdict.NONE:
        return judgment.verdict == answer.verdict
    return judgment.verdict != Verdict.CANNOT_JUDGE and is_right(answer=answer.tiers, tiers=judgment.tiers)


def _tier_of(tiers: Sequence[Sequence[int]]) -> dict[int, int]:
    return {response_id: place for place, tier in enumerate(tiers) for response_id in tier}
