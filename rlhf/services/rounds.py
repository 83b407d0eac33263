"""Rounds as researchers command them; round_steps.py moves them on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_args

from django.db import transaction

from labeling.core.errors import Conflict, DomainError
from labeling.core.services import audit
from labeling.selectors import labels
from labeling.selectors import prompts as prompt_selectors
from labeling.selectors.labels import TRAINING_ARMS
from rlhf.models import ModelVersion, Round, RoundDefaults, RoundStep, Run
from rlhf.services import fitness, live, runs
from rlhf.services.launching import check_language_model
from rlhf.services.models import resolve, save_new
from rlhf.services.round_rows import create, current_step, lock_project
from rlhf.services.round_steps import LABEL_SPLITS, advance
from rlhf.services.validation import checked
from rlhf.specs import SPECS, Method, RoundSpec

__all__ = ["advance", "cancel", "change_spec", "check", "launch", "retry", "set_round_defaults"]

Step = RoundStep.Name
# The step that reads a field; the field is fixed once that step has begun ...
READ_BY = {
    "policy": Step.SAMPLE,
    "sample": Step.SAMPLE,
    "seed": Step.SAMPLE,
    "base": Step.REWARD,
    "reward": Step.REWARD,
    "method": Step.POLICY,
    **dict.fromkeys(get_args(Method), Step.POLICY),
    "evaluate": Step.EVALUATE,
}
# ... or, where a step waits for people, once it is over.
READ_UNTIL_DONE = {"judgments": Step.LABEL, "promote": Step.EVALUATE, "continue_with_next": Step.EVALUATE}


def launch(*, project: Any, raw: Mapping[str, Any], user: Any, now: datetime) -> Round:
    spec = checked(RoundSpec, raw)
    policy = resolve(project=project, ref=spec.policy, field="policy")
    check_language_model(policy, "policy")
    base = resolve(project=project, ref=spec.base, field="base") if spec.base else _first_policy(project)
    if base is not None:
        check_language_model(base, "base")
    spec = _with_room(spec, policy, base or policy)
    fitness.refuse(_parts(spec, policy, base or policy))
    _check_something_to_rank(project, now)
    with transaction.atomic():
        lock_project(project)
        running = Round.objects.filter(project=project, state=Round.State.RUNNING).first()
        if running is not None:
            raise Conflict(f"Round {running.number} is still running: wait for it, or cancel it first.")
        save_new(policy)
        if spec.base:  # again, since it may be the very folder that was just registered
            base = save_new(resolve(project=project, ref=spec.base, field="base"))
        fixed = spec.model_dump(mode="json") | {"policy": str(policy), "base": str(base or policy)}
        launched = create(project=project, spec=fixed, policy=policy, user=user, now=now)
        audit.record(actor=user, action="round.launched", project_id=project.pk, obj=launched)
    return launched


def check(*, project: Any, raw: Mapping[str, Any], now: datetime) -> fitness.Verdict:
    """What launching `raw` would say, and the memory its trainings would need. Nothing is stored."""
    verdict = fitness.Verdict()
    with verdict.noting():
        spec = checked(RoundSpec, raw)
        policy = resolve(project=project, ref=spec.policy, field="policy")
        check_language_model(policy, "policy")
        base = resolve(project=project, ref=spec.base, field="base") if spec.base else _first_policy(project)
        parts = _parts(_with_room(spec, policy, base or policy), policy, base or policy)
        verdict.memory = fitness.memory(parts)
        fitness.refuse(parts)
        _check_something_to_rank(project, now)
    return verdict


def _with_room(spec: RoundSpec, policy: ModelVersion, base: ModelVersion) -> RoundSpec:
    fitting = {name: fitness.with_room(getattr(spec, name), policy) for name in get_args(Method)}
    return spec.model_copy(update={**fitting, "reward": fitness.with_room(spec.reward, base)})


def _parts(spec: RoundSpec, policy: ModelVersion, base: ModelVersion) -> list[fitness.Part]:
    """What the steps will run. The reward model is made from the base, so it will be as large."""
    like = base if "reward_model" in SPECS[spec.method].model_fields else None
    return [
        fitness.Part("sample", spec.sample, policy),
        fitness.Part("reward", spec.reward, base),
        fitness.Part(spec.method, getattr(spec, spec.method), policy, reward_like=like),
        fitness.Part("evaluate", spec.evaluate, policy),
    ]


def change_spec(*, changed: Round, raw: Mapping[str, Any], user: Any) -> Round:
    """Change fields that no step has read yet; nested ones one by one."""
    with transaction.atomic():
        locked = Round.objects.select_for_update(of=("self",)).select_related("project").get(pk=changed.pk)
        if locked.state != Round.State.RUNNING:
            raise Conflict(f"Round {locked.number} is {locked.state}: launch a new one with other values.")
        _refuse_what_was_read(locked, raw)
        spec = checked(RoundSpec, _merged(locked.spec, raw)).model_dump(mode="json")
        for name in {"policy", "base"} & raw.keys():
            model = resolve(project=locked.project, ref=spec[name] or locked.spec[name], field=name)
            check_language_model(model, name)
            spec[name] = str(save_new(model))
            if name == "policy":
                locked.policy_in = model
        base = resolve(project=locked.project, ref=spec["base"], field="base")
        fitness.refuse(_parts(RoundSpec.model_validate(spec), locked.policy_in, base))
        locked.spec = spec
        locked.save(update_fields=["spec", "policy_in"])
        audit.record(
            actor=user, action="round.changed", project_id=locked.project_id, obj=locked, data=dict(raw)
        )
        live.round_changed(locked)
    return locked


def cancel(*, cancelled: Round, user: Any, now: datetime) -> Round:
    with transaction.atomic():
        locked = Round.objects.select_for_update().get(pk=cancelled.pk)
        if locked.state != Round.State.RUNNING:
            raise Conflict(f"Round {locked.number} is already {locked.state}.")
        step = current_step(locked)
        if step is not None:
            if step.run is not None and step.run.state not in runs.FINISHED:
                runs.cancel(run=step.run, user=user, now=now)
            step.state, step.finished_at = RoundStep.State.CANCELLED, now
            step.save(update_fields=["state", "finished_at"])
        locked.state, locked.finished_at = Round.State.CANCELLED, now
        locked.save(update_fields=["state", "finished_at"])
        audit.record(actor=user, action="round.cancelled", project_id=locked.project_id, obj=locked)
        live.round_changed(locked)
    return locked


def retry(*, failed: Round, user: Any, now: datetime) -> Round:
    """Take a failed round up again at the step that failed."""
    with transaction.atomic():
        locked = Round.objects.select_for_update(of=("self",)).select_related("project").get(pk=failed.pk)
        lock_project(locked.project)
        if locked.state != Round.State.FAILED:
            raise Conflict(f"Round {locked.number} is {locked.state}: only a failed round can be retried.")
        if Round.objects.filter(project=locked.project, state=Round.State.RUNNING).exists():
            raise Conflict("Another round of this project is running: wait for it, or cancel it first.")
        step = current_step(locked)
        if step is not None:
            if step.run is not None and step.run.state in (Run.State.FAILED, Run.State.CANCELLED):
                runs.retry(run=step.run, user=user, now=now)
            step.state = RoundStep.State.WAITING if step.run is None else RoundStep.State.RUNNING
            step.finished_at = None
            step.save(update_fields=["state", "finished_at"])
        locked.state, locked.error, locked.finished_at = Round.State.RUNNING, "", None
        locked.save(update_fields=["state", "error", "finished_at"])
        audit.record(actor=user, action="round.retried", project_id=locked.project_id, obj=locked)
        live.round_changed(locked)
    return locked


def set_round_defaults(*, project: Any, raw: Mapping[str, Any], user: Any) -> RoundDefaults:
    """What the launch form starts from: a RoundSpec that may leave fields out, `policy` too."""
    checked(RoundSpec, {"policy": "any", **raw})
    with transaction.atomic():
        defaults, _ = RoundDefaults.objects.update_or_create(project=project, defaults={"spec": dict(raw)})
        audit.record(actor=user, action="round_defaults.set", project_id=project.pk, obj=defaults)
    return defaults


def _first_policy(project: Any) -> ModelVersion | None:
    """What win rates are against unless told otherwise: where the project's first round began."""
    first = Round.objects.filter(project=project).select_related("policy_in").order_by("number").first()
    return first.policy_in if first else None


def _check_something_to_rank(project: Any, now: datetime) -> None:
    def has_prompts(*splits: str) -> bool:
        return any(prompt_selectors.prompts_by_split(project_id=project.pk, splits=splits, limit=1))

    waiting = labels.open_slots(project_id=project.pk, arms=TRAINING_ARMS, splits=LABEL_SPLITS, now=now)
    if not waiting and not has_prompts(*LABEL_SPLITS):
        raise DomainError(
            "There is nothing to rank: import prompts first, so that the policy has something to answer.",
            code="no_prompts",
        )
    if not has_prompts("test"):
        raise DomainError(
            "This project has no prompts in its test split to evaluate on: import more prompts.",
            code="no_prompts",
        )


def _refuse_what_was_read(locked: Round, raw: Mapping[str, Any]) -> None:
    states = dict(locked.steps.values_list("name", "state"))
    for name in raw:
        begun = name in READ_BY and states[READ_BY[name]] != RoundStep.State.WAITING
        if name == "evaluate" and isinstance(raw[name], Mapping) and raw[name].keys() <= {"human_judgments"}:
            begun = False  # how long to wait for people may change while waiting
        over = name in READ_UNTIL_DONE and states[READ_UNTIL_DONE[name]] == RoundStep.State.DONE
        if begun or over:
            raise Conflict(
                f"The step that reads {name} has begun: change it in the next round.",
                code="already_read",
                fields={name: "already_read"},
            )


def _merged(old: Any, new: Mapping[str, Any]) -> dict[str, Any]:
    both = dict(old)
    for name, value in new.items():
        nested = isinstance(value, Mapping) and isinstance(both.get(name), Mapping)
        both[name] = _merged(both[name], value) if nested else value
    return both
