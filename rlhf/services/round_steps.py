"""How a round moves: sample → label → snapshot → reward → policy → evaluate.

`advance` looks at one round and does at most one thing. It can be repeated and interrupted
anywhere: what takes long (freezing, preparing a run) happens first and is idempotent, then one
transaction checks under the round's lock that the step is still where it was read, and moves it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from labeling.core.errors import DomainError
from labeling.selectors import counts, labels
from labeling.selectors.labels import TRAINING_ARMS
from labeling.services.queue import close_batch
from rlhf.models import ModelVersion, Round, RoundStep, Run
from rlhf.selectors import evaluations
from rlhf.selectors import models as model_selectors
from rlhf.services import launching, live
from rlhf.services.round_ending import end_round
from rlhf.services.round_rows import current_step
from rlhf.services.snapshots import freeze
from rlhf.specs import SPECS

LABEL_SPLITS = ("train", "validation")
# Some sampled pairs turn out equal and some tasks are skipped: a few more prompts than judgments.
SAMPLE_MARGIN = 1.25
# What the policy wrote for this round comes before imported tasks, and after blind evaluations.
SAMPLE_PRIORITY = 1
State = RoundStep.State


def advance(*, round_id: int, now: datetime) -> bool:
    """Do the next thing this round is ready for; False when it has to wait."""
    moving = Round.objects.select_related("project", "policy_in", "policy_out", "created_by").get(pk=round_id)
    if moving.state != Round.State.RUNNING:
        return False
    step = current_step(moving)
    assert step is not None, "the last step ends its round"
    try:
        if step.run is not None and step.run.state in (Run.State.FAILED, Run.State.CANCELLED):
            raise DomainError(step.run.error or f"Run {step.run.pk} was cancelled: retry the round to go on.")
        return _STEPS[RoundStep.Name(step.name)](moving, step, now)
    except DomainError as problem:
        return _fail(moving, step, problem.message, now)


def _sample(moving: Round, step: RoundStep, now: datetime) -> bool:
    if step.state == State.WAITING:
        wanted = _num_samples_wanted(moving, now)
        if wanted == 0:
            return _set(moving, step, State.SKIPPED, now, summary={"tasks": 0, "skipped": 0})
        return _start_run(moving, step, _sample_spec(moving, wanted), now)
    run = _succeeded_run(step)
    if run is None:
        return False
    with transaction.atomic():
        summary = {"tasks": run.result["tasks"], "skipped": run.result["skipped"]}
        moved = _set(moving, step, State.DONE, now, summary=summary)
        if moved:
            _withdraw_older_policies(moving, now)
    return moved


def _num_samples_wanted(moving: Round, now: datetime) -> int:
    """Judgments that open tasks cannot give. What a new policy says must be seen in any case."""
    wanted = int(moving.spec["judgments"])
    policy = moving.policy_in
    if policy.kind == ModelVersion.Kind.POLICY and not _was_sampled(policy):
        return wanted
    waiting = labels.open_slots(
        project_id=moving.project_id, arms=TRAINING_ARMS, splits=LABEL_SPLITS, now=now
    )
    return max(0, wanted - waiting)


def _was_sampled(policy: ModelVersion) -> bool:
    samples = Run.objects.filter(
        project_id=policy.project_id, kind=Run.Kind.SAMPLE, state=Run.State.SUCCEEDED
    )
    return samples.filter(inputs__models__model=policy.pk).exists()


def _sample_spec(moving: Round, num_judgments: int) -> dict[str, Any]:
    sampling = moving.spec["sample"]
    earlier = Run.objects.filter(project_id=moving.project_id, kind=Run.Kind.SAMPLE).count()
    return {
        **sampling,
        "kind": "sample",
        "model": str(moving.policy_in),
        "num_prompts": math.ceil(num_judgments / sampling["overlap"] * SAMPLE_MARGIN),
        "splits": list(LABEL_SPLITS),
        "priority": SAMPLE_PRIORITY,
        # The same prompts may be sampled again; the same texts should not come out.
        "seed": moving.spec["seed"] + earlier,
    }


def _withdraw_older_policies(moving: Round, now: datetime) -> None:
    """What an earlier policy wrote for an earlier round is no longer worth anyone's time."""
    for old in Run.objects.filter(
        project_id=moving.project_id,
        kind=Run.Kind.SAMPLE,
        state=Run.State.SUCCEEDED,
        round_step__round__number__lt=moving.number,
    ).exclude(inputs__models__model=moving.policy_in_id):
        close_batch(batch_id=old.result["batch"], now=now)


def _label(moving: Round, step: RoundStep, now: datetime) -> bool:
    wanted = int(moving.spec["judgments"])
    given = labels.num_judgments(
        project_id=moving.project_id, arms=TRAINING_ARMS, since=moving.created_at, splits=LABEL_SPLITS
    )
    summary = {"judgments": given, "wanted": wanted}
    if held := labels.held_slots(project_id=moving.project_id, arms=TRAINING_ARMS, splits=LABEL_SPLITS):
        summary["held"] = held
    if given >= wanted:
        return _set(moving, step, State.DONE, now, summary=summary)
    if step.state == State.WAITING or step.summary != summary:
        return _set(moving, step, State.RUNNING, now, summary=summary)
    if step.run is not None and step.run.state != Run.State.SUCCEEDED:
        return False
    missing = wanted - given - _num_judgments_coming(moving, now)
    if missing <= 0:
        return False
    if step.run is not None and step.run.result["tasks"] == 0:
        raise DomainError(
            "The policy answers every prompt with the same text, so there is nothing to rank: "
            "raise the sampling temperature in a new round."
        )
    return _start_run(moving, step, _sample_spec(moving, missing), now)


def _num_judgments_coming(moving: Round, now: datetime) -> int:
    """What is in the queue, in someone's hands, or held back by the leak gate."""
    waiting = labels.open_slots(
        project_id=moving.project_id, arms=TRAINING_ARMS, splits=LABEL_SPLITS, now=now
    )
    # Held back is not lost: sampling more would end in a heap of it, so the round waits for a lead.
    waiting += labels.held_slots(project_id=moving.project_id, arms=TRAINING_ARMS, splits=LABEL_SPLITS)
    by_arm = counts.counts(project_id=moving.project_id, now=now)["by_arm"]
    return waiting + sum(states["leased"] for arm, states in by_arm.items() if arm in TRAINING_ARMS)


def _snapshot(moving: Round, step: RoundStep, now: datetime) -> bool:
    frozen = freeze(
        project=moving.project,
        kind="preferences",
        filters={},
        user=moving.created_by,
        now=now,
        name=f"Round {moving.number}",
    )
    return _set(moving, step, State.DONE, now, snapshot=frozen, summary={"rows": frozen.num_rows})


def _reward(moving: Round, step: RoundStep, now: datetime) -> bool:
    if step.state == State.WAITING:
        spec = {
            **moving.spec["reward"],
            "kind": "reward",
            "model": moving.spec["base"],
            "snapshot": _step(moving, RoundStep.Name.SNAPSHOT).snapshot_id,
        }
        return _start_run(moving, step, spec, now)
    run = _succeeded_run(step)
    if run is None:
        return False
    model = run.produced_model
    summary = {"accuracy": model.summary.get("eval_accuracy"), "model": str(model)}
    return _set(moving, step, State.DONE, now, summary=summary)


def _policy(moving: Round, step: RoundStep, now: datetime) -> bool:
    method = moving.spec["method"]
    if step.state == State.WAITING:
        spec = {
            **moving.spec[method],
            "kind": method,
            "model": str(moving.policy_in),
            "snapshot": _step(moving, RoundStep.Name.SNAPSHOT).snapshot_id,
        }
        if "reward_model" in SPECS[method].model_fields:
            spec["reward_model"] = str(_reward_model(moving))
        return _start_run(moving, step, spec, now)
    run = _succeeded_run(step)
    if run is None:
        return False
    with transaction.atomic():
        moved = _set(moving, step, State.DONE, now, summary={"model": str(run.produced_model)})
        if moved:
            Round.objects.filter(pk=moving.pk).update(policy_out=run.produced_model)
    return moved


def _evaluate(moving: Round, step: RoundStep, now: datetime) -> bool:
    if step.state == State.WAITING:
        return _start_run(moving, step, _evaluation_spec(moving), now)
    run = _succeeded_run(step)
    if run is None:
        return False
    human, enough = _people_done(moving, run, now)
    found = evaluations.of_run(run_id=run.pk)
    summary = {
        "win_rates": [
            {
                "baseline": str(standing.evaluation.baseline),
                "judge": standing.evaluation.judge,
                "win_rate": standing.win_rate,
            }
            for standing in found
        ],
        "human": human,
    }
    if enough:
        with transaction.atomic():
            locked = _lock_if_unchanged(moving, step)
            return locked is not None and end_round(locked, step, found, summary, now)
    return step.summary != summary and _set(moving, step, State.RUNNING, now, summary=summary)


def _evaluation_spec(moving: Round) -> dict[str, Any]:
    """Against the base, and lastly against the policy in use (or, before there is one, the one that
    was improved)."""
    spec = dict(moving.spec["evaluate"])
    incumbent = model_selectors.promoted_policy(project_id=moving.project_id) or moving.policy_in
    others = dict.fromkeys((moving.spec["base"], str(incumbent)))
    return {
        **{name: value for name, value in spec.items() if name != "human_judgments"},
        "human_tasks": spec["human_judgments"],
        "kind": "evaluate",
        "model": str(moving.policy_out),
        "baselines": list(others),
        "reward_model": str(_reward_model(moving)),
        "seed": moving.spec["seed"] + moving.number,
    }


def _people_done(moving: Round, run: Run, now: datetime) -> tuple[dict[str, int], bool]:
    batch, asked = run.result.get("batch"), int(moving.spec["evaluate"]["human_judgments"])
    if batch is None or asked == 0:
        return {"done": 0, "wanted": 0}, True
    progress = counts.batch_progress(batch_id=batch, now=now)
    coming = progress["open"] + progress["leased"]
    wanted = min(asked, progress["judgments"] + coming)
    return {"done": progress["judgments"], "wanted": wanted}, progress["judgments"] >= wanted


def _reward_model(moving: Round) -> ModelVersion:
    run = _step(moving, RoundStep.Name.REWARD).run
    assert run is not None
    return run.produced_model


def _step(moving: Round, name: str) -> RoundStep:
    return moving.steps.select_related("run__produced_model").get(name=name)


def _succeeded_run(step: RoundStep) -> Run | None:
    """The step's run once it succeeded; None while it is under way."""
    run = step.run
    return run if run is not None and run.state == Run.State.SUCCEEDED else None


def _start_run(moving: Round, step: RoundStep, spec: dict[str, Any], now: datetime) -> bool:
    user = moving.created_by
    prepared = launching.prepare(project=moving.project, raw=spec, user=user, now=now)
    with transaction.atomic():
        if _lock_if_unchanged(moving, step) is None:
            return False
        run = launching.create(prepared, user=user, now=now)
        return _set(moving, step, State.RUNNING, now, run=run)


def _set(moving: Round, step: RoundStep, state: str, now: datetime, **changes: Any) -> bool:
    """Move the step, unless it or its round moved meanwhile."""
    if step.started_at is None:
        changes["started_at"] = now
    if state in (State.DONE, State.SKIPPED, State.FAILED):
        changes["finished_at"] = now
    with transaction.atomic():
        if _lock_if_unchanged(moving, step) is None:
            return False
        RoundStep.objects.filter(pk=step.pk).update(state=state, **changes)
        live.round_changed(moving)
    return True


def _lock_if_unchanged(moving: Round, step: RoundStep) -> Round | None:
    """The round's row, locked, if it and the step are as `advance` read them."""
    locked = Round.objects.select_for_update().get(pk=moving.pk)
    same_round = locked.state == Round.State.RUNNING and locked.spec == moving.spec
    same_step = RoundStep.objects.filter(pk=step.pk, state=step.state, run=step.run_id).exists()
    return locked if same_round and same_step else None


def _fail(moving: Round, step: RoundStep, error: str, now: datetime) -> bool:
    with transaction.atomic():
        if not _set(moving, step, State.FAILED, now):
            return False
        Round.objects.filter(pk=moving.pk).update(state=Round.State.FAILED, error=error, finished_at=now)
    return True


_STEPS: dict[RoundStep.Name, Callable[[Round, RoundStep, datetime], bool]] = {
    RoundStep.Name.SAMPLE: _sample,
    RoundStep.Name.LABEL: _label,
    RoundStep.Name.SNAPSHOT: _snapshot,
    RoundStep.Name.REWARD: _reward,
    RoundStep.Name.POLICY: _policy,
    RoundStep.Name.EVALUATE: _evaluate,
}
