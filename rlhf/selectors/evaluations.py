"""Who won, by which judge. People's view is counted from their judgments each time it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import QuerySet

from labeling.selectors.evaluation import outcomes
from rlhf.models import Evaluation, Run
from rlhf.selectors.intervals import Interval, win_rate


class Standing(NamedTuple):
    """An evaluation as it stands now."""

    evaluation: Evaluation
    wins: int
    ties: int
    losses: int

    @property
    def win_rate(self) -> Interval:
        return win_rate(wins=self.wins, ties=self.ties, losses=self.losses)


def of_project(*, project_id: int) -> QuerySet[Evaluation]:
    return Evaluation.objects.filter(run__project_id=project_id).select_related(
        "run", "candidate", "baseline", "judge_model"
    )


def of_run(*, run_id: int) -> list[Standing]:
    return standings(
        Evaluation.objects.filter(run_id=run_id)
        .select_related("run", "candidate", "baseline", "judge_model")
        .order_by("id")
    )


def standings(evaluations: Iterable[Evaluation]) -> list[Standing]:
    said: dict[int, Counter[tuple[int, int, bool]]] = {}
    found = []
    for evaluation in evaluations:
        if evaluation.judge == Evaluation.Judge.PEOPLE:
            if evaluation.run_id not in said:
                said[evaluation.run_id] = _said_of(evaluation.run)
            found.append(_by_people(evaluation, said[evaluation.run_id]))
        else:
            found.append(Standing(evaluation, evaluation.wins, evaluation.ties, evaluation.losses))
    return found


def _said_of(run: Run) -> Counter[tuple[int, int, bool]]:
    batch = run.result.get("batch")
    return outcomes(batch_id=batch) if batch else Counter()


def _by_people(evaluation: Evaluation, said: Counter[tuple[int, int, bool]]) -> Standing:
    generators: dict[str, int] = evaluation.run.result.get("generators", {})
    ours = generators.get(str(evaluation.candidate_id), 0)
    theirs = generators.get(str(evaluation.baseline_id), 0)
    return Standing(
        evaluation,
        wins=said[ours, theirs, False],
        ties=said[ours, theirs, True] + said[theirs, ours, True],
        losses=said[theirs, ours, False],
    )
