"""How far annotators can be trusted, learned from the very judgments that are about to be trained on."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from labeling.models import Judgment
from labeling.models.queue import Arm
from labeling.quality.outcomes import shared_outcomes
from labeling.quality.reliability import dawid_skene, votes_on
from labeling.selectors import judged
from labeling.services.quality_figures import MAX_MODEL_VOTES, MIN_SHARED_UNITS

DECIMALS = 4


def reliability_of(judgments: QuerySet[Judgment]) -> dict[int, float]:
    """By annotator the probability, in (0, 1], that what they say of a pair is right (Dawid and Skene,
    1979); nothing for who shares fewer than ten pairs with others. Leads' decisions have no figure.

    Nothing but these judgments goes in (the newest 50,000, of which 10,000 votes on shared pairs), so
    the same judgments give the same figures whenever they are asked for.
    """
    rows = judged.newest(judgments.exclude(task__arm=Arm.ADJUDICATION))
    votes = votes_on(shared_outcomes(rows))[:MAX_MODEL_VOTES]
    num_votes: dict[Any, int] = {}
    for vote in votes:
        num_votes[vote.rater] = num_votes.get(vote.rater, 0) + 1
    if max(num_votes.values(), default=0) < MIN_SHARED_UNITS:
        return {}
    return {
        int(str(rater)): min(1.0, max(10**-DECIMALS, round(found.value, DECIMALS)))
        for rater, found in dawid_skene(votes).items()
        if found.value is not None and num_votes[rater] >= MIN_SHARED_UNITS
    }
