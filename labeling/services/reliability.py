"""How far annotators can be trusted, learned from the very judgments that are about to be trained on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zlib import crc32

from django.db.models import QuerySet

from labeling.models import Judgment
from labeling.models.queue import Arm
from labeling.quality.outcomes import Judged, sign
from labeling.quality.reliability import Vote, dawid_skene
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
    votes = _shared_votes(Judged(*row) for row in rows)[:MAX_MODEL_VOTES]
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


def _shared_votes(rows: Iterable[Judged]) -> list[Vote]:
    """Who won of each pair that several people judged, in the rows' order.

    Where the better response is mostly the older one, nearly all votes would carry one label, from
    which the model learns nothing about who errs: half of the pairs are therefore told the other way
    round.
    """
    votes: list[Vote] = []
    raters: dict[Any, set[int]] = {}
    for one in rows:
        for pair, outcome in one.outcomes().items():
            unit = (one.task_id, *pair)
            raters.setdefault(unit, set()).add(one.annotator_id)
            side = 1 if crc32(repr(unit).encode()) % 2 else -1
            votes.append(Vote(unit, one.annotator_id, side * sign(outcome)))
    return [vote for vote in votes if len(raters[vote.unit]) > 1]
