"""From what a researcher asks for to a queued run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from labeling.core.errors import DomainError
from labeling.core.services import audit
from rlhf.models import ModelVersion, Run, Snapshot
from rlhf.selectors import snapshots as snapshot_selectors
from rlhf.services import fitness, live
from rlhf.services.models import resolve, save_new
from rlhf.services.snapshots import freeze
from rlhf.services.validation import run_spec
from rlhf.specs import Spec

LANGUAGE_MODELS = frozenset({ModelVersion.Kind.BASE, ModelVersion.Kind.POLICY})
REWARD_MODELS = frozenset({ModelVersion.Kind.REWARD})
SNAPSHOT_KINDS = {
    "sft": ("demonstrations", "preferences"),
    "reward": ("preferences", "rankings"),
    "dpo": ("preferences",),
    "kto": ("unpaired", "preferences"),
    "ppo": ("prompts", "preferences"),
    "rloo": ("prompts", "preferences"),
    "grpo": ("prompts", "preferences"),
}


@dataclass
class Prepared:
    """A checked spec with what its references mean; models may still be unsaved."""

    project: Any
    parsed: Spec
    models: dict[str, ModelVersion] = field(default_factory=dict)
    baselines: list[ModelVersion] = field(default_factory=list)
    # For each further reward of the spec its model, or None where it is none.
    rewards: list[ModelVersion | None] = field(default_factory=list)
    snapshot: Snapshot | None = None

    @property
    def spec(self) -> Mapping[str, Any]:
        return self.parsed.model_dump(mode="json")

    @property
    def kind(self) -> str:
        return str(self.spec["kind"])

    @property
    def parts(self) -> list[fitness.Part]:
        """What is to run with which models: the first is the run itself."""
        judges = [self.models["reward_model"]] if "reward_model" in self.models else []
        judges += [model for model in self.rewards if model is not None]
        others = [fitness.Part(f"baseline {one.name}", self.parsed, one) for one in self.baselines]
        return [fitness.Part(self.kind, self.parsed, self.models["model"], judges), *others]


def launch(*, project: Any, raw: Mapping[str, Any], user: Any, now: datetime) -> Run:
    return create(prepare(project=project, raw=raw, user=user, now=now), user=user, now=now)


def prepare(*, project: Any, raw: Mapping[str, Any], user: Any, now: datetime) -> Prepared:
    """Check everything first, so that a refusal leaves nothing behind; then freeze the prompts of
    a run that picks its own. Not inside a transaction."""
    prepared = examine(project=project, raw=raw)
    fitness.refuse(prepared.parts)
    if prepared.spec.get("snapshot") is not None:
        prepared.snapshot = _snapshot(prepared)
    else:
        prepared.snapshot = _freeze_prompts(prepared, user=user, now=now)
    return prepared


def examine(*, project: Any, raw: Mapping[str, Any]) -> Prepared:
    """A sound spec and the models it names; nothing is stored."""
    prepared = Prepared(project, run_spec(raw))
    _resolve_models(prepared)
    prepared.parsed = fitness.with_room(prepared.parsed, prepared.models["model"])
    return prepared


def check(*, project: Any, raw: Mapping[str, Any]) -> fitness.Verdict:
    """What launching `raw` would say, and the memory it would need. Nothing is stored."""
    verdict = fitness.Verdict()
    with verdict.noting():
        prepared = examine(project=project, raw=raw)
        verdict.memory = fitness.memory(prepared.parts[:1])
        fitness.refuse(prepared.parts)
        if prepared.spec.get("snapshot") is not None:
            _snapshot(prepared)
    return verdict


def create(prepared: Prepared, *, user: Any, now: datetime) -> Run:
    with transaction.atomic():
        for model in (*prepared.models.values(), *prepared.baselines, *filter(None, prepared.rewards)):
            save_new(model)
        assert prepared.snapshot is not None
        models: dict[str, Any] = {name: model.pk for name, model in prepared.models.items()}
        if prepared.baselines:
            models["baselines"] = [model.pk for model in prepared.baselines]
        if any(prepared.rewards):
            models["rewards"] = [model and model.pk for model in prepared.rewards]
        run = Run.objects.create(
            project=prepared.project,
            kind=prepared.kind,
            spec=prepared.spec,
            inputs={"models": models, "snapshot": prepared.snapshot.pk},
            executor=settings.EXECUTOR,
            created_by=user,
            created_at=now,
        )
        audit.record(actor=user, action="run.launched", project_id=run.project_id, obj=run)
        live.run_changed(run)
    return run


def _resolve_models(prepared: Prepared) -> None:
    spec, project = prepared.spec, prepared.project
    for name in ("model", "reward_model", "critic_from"):
        if spec.get(name):
            model = resolve(project=project, ref=spec[name], field=name)
            allowed = REWARD_MODELS if name == "reward_model" else LANGUAGE_MODELS
            _check_kind(model, allowed, name)
            prepared.models[name] = model
    if "critic_from" in prepared.models:
        _check_critic(prepared.models["critic_from"], spec["critic"])
    candidate = prepared.models["model"]
    for ref in spec.get("baselines", ()):
        baseline = resolve(project=project, ref=ref, field="baselines")
        check_language_model(baseline, "baselines")
        if any(_same(baseline, other) for other in (candidate, *prepared.baselines)):
            raise DomainError(
                f"{ref} is named twice: compare the model with others, each named once.",
                fields={"baselines": "repeated"},
            )
        prepared.baselines.append(baseline)
    for number, reward in enumerate(spec.get("rewards", ())):
        prepared.rewards.append(None)
        if "model" in reward:
            name = f"rewards.{number}.model"
            model = resolve(project=project, ref=reward["model"], field=name)
            _check_kind(model, REWARD_MODELS, name)
            prepared.rewards[number] = model


def check_language_model(model: ModelVersion, name: str) -> None:
    _check_kind(model, LANGUAGE_MODELS, name)


def _check_kind(model: ModelVersion, allowed: frozenset[ModelVersion.Kind], name: str) -> None:
    if model.kind not in allowed:
        wanted = "a reward model" if ModelVersion.Kind.REWARD in allowed else "a base model or a policy"
        raise DomainError(
            f"{model} is a {model.kind} model: give {wanted} as {name}.", fields={name: "wrong_kind"}
        )


def _check_critic(policy: ModelVersion, wanted: str) -> None:
    names = {file["name"] for file in policy.critic_files}
    if not names:
        raise DomainError(
            f"{policy} has no critic: give a policy that a PPO run made, or leave critic_from out.",
            fields={"critic_from": "no_critic"},
        )
    found = "adapter" if "adapter_config.json" in names else "separate"
    if found != wanted:
        raise DomainError(
            f"The critic of {policy} is of the kind {found}: set critic to {found}, or leave it out.",
            fields={"critic_from": "wrong_kind"},
        )


def _same(one: ModelVersion, other: ModelVersion) -> bool:
    if one.pk is None or other.pk is None:
        return one.pk == other.pk and one.source == other.source
    return one.pk == other.pk


def _snapshot(prepared: Prepared) -> Snapshot:
    number, kind = prepared.spec["snapshot"], prepared.kind
    snapshot = Snapshot.objects.filter(project=prepared.project, pk=number).first()
    if snapshot is None:
        raise DomainError(
            f"There is no snapshot {number} in this project: freeze one, or take one from its list.",
            fields={"snapshot": "unknown"},
        )
    wanted = SNAPSHOT_KINDS[kind]
    if snapshot.kind not in wanted:
        raise DomainError(
            f"Snapshot {number} holds {snapshot.kind}: a {kind} run needs {' or '.join(wanted)}.",
            fields={"snapshot": "wrong_kind"},
        )
    if not snapshot.num_rows.get("train"):
        raise DomainError(
            f"Snapshot {number} has no rows to train on: freeze one with the train split.",
            fields={"snapshot": "no_rows"},
        )
    _check_enough_rows(prepared, snapshot)
    pairs = (Snapshot.Kind.PREFERENCES, Snapshot.Kind.RANKINGS)
    learns_from_pairs = snapshot.kind in pairs and "prompts" not in wanted
    if learns_from_pairs and not snapshot_selectors.num_decided(snapshot=snapshot, split="train"):
        raise DomainError(
            f"Every training comparison of snapshot {number} is a tie: rank more responses first.",
            fields={"snapshot": "only_ties"},
        )
    return snapshot


def _check_enough_rows(prepared: Prepared, snapshot: Snapshot) -> None:
    spec, num_rows = prepared.spec, snapshot.num_rows
    if spec.get("eval_every") and not num_rows.get("validation"):
        raise DomainError(
            f"eval_every needs validation rows, and snapshot {snapshot.pk} has none: leave it empty, or "
            "freeze one with the validation split.",
            fields={"eval_every": "no_rows"},
        )
    if "num_generations" in spec:
        wanted = spec["batch_size"] * spec["gradient_accumulation_steps"] // spec["num_generations"]
        if num_rows["train"] < wanted:
            raise DomainError(
                f"A step needs {wanted} prompts, and snapshot {snapshot.pk} has {num_rows['train']}: lower "
                "batch_size, or freeze more.",
                fields={"batch_size": "no_rows"},
            )


def _freeze_prompts(prepared: Prepared, *, user: Any, now: datetime) -> Snapshot:
    """The prompts to answer: those asked for, or test prompts, on which nothing is ever trained."""
    spec = prepared.spec
    splits = ["test"] if prepared.kind == "evaluate" else spec["splits"]
    filters = {"splits": splits, "limit": spec["num_prompts"], "seed": spec["seed"]}
    try:
        return freeze(project=prepared.project, kind="prompts", filters=filters, user=user, now=now)
    except DomainError as problem:
        if problem.code != "nothing_to_freeze":
            raise
        raise DomainError(
            f"This project has no prompts in its {' or '.join(splits)} split: import prompts first.",
            code="no_prompts",
        ) from problem
