"""The end of a round: what people said is kept, the better policy promoted, the next round begun."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rlhf.models import Evaluation, ModelVersion, Round, RoundStep
from rlhf.selectors.evaluations import Standing
from rlhf.services import live
from rlhf.services.models import set_stage
from rlhf.services.round_rows import create, lock_project


def end_round(
    ending: Round, step: RoundStep, standings: Sequence[Standing], summary: dict[str, Any], now: datetime
) -> bool:
    """Everything in the caller's transaction and under the round's lock."""
    _keep_peoples_view(standings, now)
    candidate = ending.policy_out
    assert candidate is not None
    promoted = _is_to_be_promoted(ending, step, standings)
    if promoted:
        set_stage(model=candidate, stage=ModelVersion.Stage.PROMOTED, user=ending.created_by)
    RoundStep.objects.filter(pk=step.pk).update(
        state=RoundStep.State.DONE, finished_at=now, summary={**summary, "promoted": promoted}
    )
    ending.state, ending.finished_at = Round.State.SUCCEEDED, now
    ending.save(update_fields=["state", "finished_at"])
    live.round_changed(ending)
    if ending.spec["continue_with_next"]:
        lock_project(ending.project)
        policy = candidate if promoted else ending.policy_in
        spec = {**ending.spec, "policy": str(policy)}
        create(project=ending.project, spec=spec, policy=policy, user=ending.created_by, now=now)
    return True


def is_better(standings: Sequence[Standing]) -> bool:
    """Whether these, all against one baseline, put the candidate beyond doubt: the lower end of
    the interval is above one half, by people if they judged, otherwise by the reward model."""
    by_judge = {standing.evaluation.judge: standing.win_rate["low"] for standing in standings}
    for judge in (Evaluation.Judge.PEOPLE, Evaluation.Judge.REWARD_MODEL):
        low = by_judge.get(judge)
        if low is not None:
            return low > 0.5
    return False


def _is_to_be_promoted(ending: Round, step: RoundStep, standings: Sequence[Standing]) -> bool:
    if ending.spec["promote"] != "when_better":
        return bool(ending.spec["promote"] == "always")
    assert step.run is not None
    incumbent = step.run.inputs["models"]["baselines"][-1]
    return is_better([standing for standing in standings if standing.evaluation.baseline_id == incumbent])


def _keep_peoples_view(standings: Sequence[Standing], now: datetime) -> None:
    for standing in standings:
        if standing.evaluation.judge == Evaluation.Judge.PEOPLE:
            Evaluation.objects.filter(pk=standing.evaluation.pk).update(
                wins=standing.wins, ties=standing.ties, losses=standing.losses, updated_at=now
            )
