"""Computing a project's figures and keeping them: agreement, habits and reliability.

Bounded: the newest 50,000 judgments, whatever a project holds. Not inside a transaction: it
reads and computes for a while, then writes at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import combinations
from typing import Any

from django.db import transaction

from labeling.core import live
from labeling.models import AnnotatorReliability, Project, QualityFigures
from labeling.quality.estimates import Estimate
from labeling.quality.habits import Habits, Known, Size, habits, size_of
from labeling.quality.outcomes import Judged, shared_outcomes, sign
from labeling.quality.reliability import Noisy, PairVote, dawid_skene, noisy_bradley_terry, votes_on
from labeling.selectors import judged as rows
from labeling.selectors.judged import OPINION_ARMS

# The models fit this many votes, the newest ones.
MAX_MODEL_VOTES = 10_000
# Raters who share this many units say something about each other.
MIN_SHARED_UNITS = 10
Method = AnnotatorReliability.Method


def compute(*, project: Project, now: datetime) -> QualityFigures:
    """Compute, store and tell open pages."""
    newest = rows.newest_judgment_id(project_id=project.pk)
    judged = rows.window(project_id=project.pk)
    opinions = [one for one in judged if one.arm in OPINION_ARMS]
    agreement = agreement_of(opinions)
    reliability = reliability_of(opinions)
    annotators = [_as_json(one) for one in habits_of(judged)]
    with transaction.atomic():
        _store_reliability(project, reliability, now)
        figures, _ = QualityFigures.objects.update_or_create(
            project=project,
            defaults={
                "agreement": agreement,
                "annotators": annotators,
                "num_judgments": len(judged),
                "newest_judgment_id": newest,
                "computed_at": now,
                "wanted": False,
            },
        )
        announce(project.pk)
    return figures


def announce(project_id: int) -> None:
    """Tell open pages, once it is true."""
    transaction.on_commit(lambda: live.publish(f"project.{project_id}", topic="quality"))


# --- agreement -------------------------------------------------------------------------


def agreement_of(judged: Sequence[Judged]) -> dict[str, Any]:
    """`figures`: one for each unit and statistic; `pairs`: Cohen's kappa of two annotators each."""
    from labeling.quality import agreement as stats

    units = {
        "outcome": list(_outcome_ratings(judged, strength=False)),
        "strength": list(_outcome_ratings(judged, strength=True)),
        "verdict": list(_verdict_ratings(judged)),
        **_criterion_ratings(judged),
    }
    figures, pairs = [], []
    for unit, ratings in units.items():
        table = stats.tabulate(ratings)
        if not len(table.counts):
            continue
        about = {
            "unit": unit,
            "num_clusters": table.num_clusters,
            "num_annotators": table.num_raters,
            "values": [str(value) for value in table.values],
        }
        figures += [
            {**about, "statistic": "krippendorff_alpha", "level": level, **_estimate(found)}
            for level in _levels(unit)
            if (found := stats.alpha_estimate(table, level)) is not None
        ]
        if unit == "outcome":
            fleiss, gwet = stats.fleiss_estimate(table), stats.gwet_estimate(table)
            figures.append({**about, "statistic": "fleiss_kappa", "level": "nominal", **_estimate(fleiss)})
            figures.append({**about, "statistic": "gwet_ac1", "level": "nominal", **_estimate(gwet)})
            shared, num_clusters = stats.shared_tables(ratings)
            cohen = stats.mean_cohen(shared, num_clusters)
            figures.append({**about, "statistic": "mean_cohen_kappa", "level": "nominal", **_estimate(cohen)})
            pairs = [
                {"annotators": list(pair.raters), **_estimate(stats.cohen_estimate(pair))} for pair in shared
            ]
    return {"figures": figures, "pairs": pairs}


def _levels(unit: str) -> list[Any]:
    if unit == "strength":
        return ["ordinal", "interval"]
    return ["ordinal", "interval"] if unit.startswith("criterion:") else ["nominal"]


def _outcome_ratings(judged: Iterable[Judged], *, strength: bool) -> Iterator[Any]:
    """Each pair of responses in each task: who won (−1, 0, 1), or by how much (−3 to 3) where
    strength was given."""
    from labeling.quality.agreement import Rating

    for one in judged:
        if strength and not one.strengths and len(one.tiers) > 1:
            continue
        for pair, value in one.outcomes().items():
            said = value if strength else sign(value)
            yield Rating((one.task_id, *pair), one.annotator_id, said, one.prompt_id)


def _verdict_ratings(judged: Iterable[Judged]) -> Iterator[Any]:
    """Ranked, or one of the verdicts; nothing where everybody only ever ranked."""
    from labeling.quality.agreement import Rating

    every = list(judged)
    if all(one.verdict == "none" for one in every):
        return
    for one in every:
        said = "ranked" if one.verdict == "none" else one.verdict
        yield Rating(one.task_id, one.annotator_id, said, one.prompt_id)


def _criterion_ratings(judged: Iterable[Judged]) -> dict[str, list[Any]]:
    """Scores by criterion and response; what is not a number is left out."""
    from labeling.quality.agreement import Rating

    found: dict[str, list[Any]] = {}
    for one in judged:
        for criterion, scores in one.criteria.items():
            if not isinstance(scores, Mapping):
                continue
            for response, score in scores.items():
                if isinstance(score, int | float) and not isinstance(score, bool):
                    rating = Rating((one.task_id, str(response)), one.annotator_id, score, one.prompt_id)
                    found.setdefault(f"criterion:{criterion}", []).append(rating)
    return found


# --- habits ----------------------------------------------------------------------------


def habits_of(judged: Sequence[Judged]) -> list[Habits]:
    responses: dict[int, Size] = {
        id: size_of(text) for id, text in rows.texts_of_responses(id for one in judged for id in _seen(one))
    }
    prompts = {id: size_of(text) for id, text in rows.texts_of_prompts(one.prompt_id for one in judged)}
    gold = rows.gold_answers(task_ids=(one.task_id for one in judged))
    return habits(
        judged,
        gold={task_id: Known(tiers, verdict) for task_id, (tiers, verdict) in gold.items()},
        said_first={key: Known(*said) for key, said in rows.said_first(task_ids=gold).items()},
        originals=_originals(judged),
        responses=responses,
        prompts=prompts,
    )


def _seen(one: Judged) -> set[int]:
    return {*one.order, *(id for tier in one.tiers for id in tier)}


def _originals(judged: Sequence[Judged]) -> dict[tuple[int, int], Any]:
    """What was said of the tasks that others repeat, also when it lies before the window."""
    repeated = {one.repeats_id for one in judged if one.repeats_id is not None}
    if not repeated:
        return {}
    project_id = rows.project_of_judgment(judged[0].id)
    found: dict[tuple[int, int], Any] = {}
    every = sorted(repeated)
    for start in range(0, len(every), rows.CHUNK):
        for row in rows.of_tasks(project_id=project_id, task_ids=every[start : start + rows.CHUNK]):
            found[row.annotator_id, row.task_id] = row.outcomes()
    return found


# --- reliability -----------------------------------------------------------------------


def reliability_of(judged: Sequence[Judged]) -> dict[str, dict[Any, Any]]:
    """By method and annotator, of the newest votes on pairs that several people judged."""
    shared = shared_outcomes(judged)
    votes = votes_on(shared)[:MAX_MODEL_VOTES]
    pair_votes = [
        PairVote(one.annotator_id, first, second, first if won else second, one.prompt_id)
        for one, outcomes in shared
        for first, second, won in _places(one, outcomes)
    ][:MAX_MODEL_VOTES]
    counts: dict[Any, int] = {}
    for vote in votes:
        counts[vote.rater] = counts.get(vote.rater, 0) + 1
    enough = {rater for rater, n in counts.items() if n >= MIN_SHARED_UNITS}
    if not enough:
        return {Method.DAWID_SKENE: {}, Method.NOISY_BRADLEY_TERRY: {}}
    return {
        Method.DAWID_SKENE: _of(enough, dawid_skene(votes)),
        Method.NOISY_BRADLEY_TERRY: _of(enough, noisy_bradley_terry(pair_votes)),
    }


def _places(one: Judged, shared: Mapping[Any, int]) -> Iterator[tuple[int, int, bool]]:
    for first, second in combinations(one.order, 2):
        value = shared.get((first, second)) or -shared.get((second, first), 0)
        if value:
            yield first, second, value > 0


def _of(enough: set[Any], found: dict[Any, Any]) -> dict[Any, Any]:
    return {rater: one for rater, one in found.items() if rater in enough}


def _store_reliability(project: Project, found: Mapping[str, Mapping[Any, Any]], now: datetime) -> None:
    AnnotatorReliability.objects.filter(project=project).delete()
    AnnotatorReliability.objects.bulk_create(
        row
        for method, by_annotator in found.items()
        for annotator_id, one in by_annotator.items()
        if (row := _reliability(project, int(annotator_id), method, one, now)) is not None
    )


def _reliability(
    project: Project, annotator_id: int, method: str, one: Noisy | Estimate, now: datetime
) -> AnnotatorReliability | None:
    estimate = one.skill if isinstance(one, Noisy) else one
    if estimate.value is None:
        return None
    return AnnotatorReliability(
        project=project,
        annotator_id=annotator_id,
        method=method,
        value=estimate.value,
        low=estimate.low,
        high=estimate.high,
        n=estimate.n,
        interval=estimate.method,
        flip_probability=one.flip if isinstance(one, Noisy) else 1 - estimate.value,
        first_share=one.first_share if isinstance(one, Noisy) else None,
        computed_at=now,
    )


def _as_json(one: Habits) -> dict[str, Any]:
    return asdict(one)


def _estimate(found: Estimate) -> dict[str, Any]:
    return asdict(found)
