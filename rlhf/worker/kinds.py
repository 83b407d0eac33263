"""Each kind of run: which trainer, with what, and which files and numbers come out of it.

Trainers are imported where they are used: a sampling process never loads TRL.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlhf.specs import (
    SPECS,
    DpoSpec,
    EvaluateSpec,
    GrpoSpec,
    KtoSpec,
    ModelReward,
    PpoSpec,
    RewardSpec,
    RlooSpec,
    SampleSpec,
    SftSpec,
)
from rlhf.training.errors import TrainingError
from rlhf.training.reporting import Reporter
from rlhf.worker.environment import describe
from rlhf.worker.inputs import Inputs
from rlhf.worker.protocol import Json


@dataclass(slots=True)
class Execution:
    run: Json
    inputs: Inputs
    output_dir: Path
    resume_from: Path | None
    reporter: Reporter
    cache_dir: Path  # of this machine, for what later runs may use again

    def model(self, field: str) -> Path:
        return self.inputs.model(self.run["models"][field])

    def snapshot_dir(self) -> Path:
        if not self.run["snapshot"]:
            raise TrainingError("This run has no snapshot to read. Launch it again with one.")
        return self.inputs.snapshot(self.run["snapshot"])

    def training_arguments(self) -> dict[str, Any]:
        return {
            "model_path": self.model("model"),
            "snapshot_dir": self.snapshot_dir(),
            "output_dir": self.output_dir,
            "reporter": self.reporter,
            "resume_from": self.resume_from,
        }


def execute(execution: Execution) -> Json:
    """The result to finish with; its files lie in its output folder under their own names."""
    kind = execution.run["kind"]
    if kind in TRAININGS:
        return _trained(execution, train(execution))
    return OTHERS[kind](execution, _spec(execution))


def train(execution: Execution) -> Json:
    """Only the training, of which it returns the summary: all that a process beside the first one does."""
    return TRAININGS[execution.run["kind"]](execution, _spec(execution))


def _spec(execution: Execution) -> Any:
    return SPECS[execution.run["kind"]].model_validate(execution.run["spec"])


def _sft(execution: Execution, spec: SftSpec) -> Json:
    from rlhf.training.sft import train_sft

    return train_sft(spec, **execution.training_arguments())


def _reward(execution: Execution, spec: RewardSpec) -> Json:
    from rlhf.training.reward import train_reward

    return train_reward(spec, **execution.training_arguments())


def _dpo(execution: Execution, spec: DpoSpec) -> Json:
    from rlhf.training.dpo import train_dpo

    return train_dpo(spec, cache_dir=execution.cache_dir, **execution.training_arguments())


def _kto(execution: Execution, spec: KtoSpec) -> Json:
    from rlhf.training.kto import train_kto

    return train_kto(spec, cache_dir=execution.cache_dir, **execution.training_arguments())


def _rloo(execution: Execution, spec: RlooSpec) -> Json:
    from rlhf.training.rloo import train_rloo

    reward_model = execution.model("reward_model")
    return train_rloo(spec, reward_model_path=reward_model, **execution.training_arguments())


def _ppo(execution: Execution, spec: PpoSpec) -> Json:
    from rlhf.training.ppo import train_ppo

    models = execution.run["models"]
    # For each reward its model, or None where it is none.
    named = models.get("rewards") or [None] * len(spec.rewards)
    rewards = [
        source.model_copy(update={"model": str(execution.inputs.model(model))})
        if isinstance(source, ModelReward)
        else source
        for source, model in zip(spec.rewards, named, strict=True)
    ]
    return train_ppo(
        spec.model_copy(update={"rewards": rewards}),
        reward_model_path=execution.model("reward_model") if models.get("reward_model") else None,
        critic_path=execution.inputs.critic(models["critic_from"]) if models.get("critic_from") else None,
        **execution.training_arguments(),
    )


def _grpo(execution: Execution, spec: GrpoSpec) -> Json:
    from rlhf.training.grpo import train_grpo

    reward_model = execution.model("reward_model")
    return train_grpo(spec, reward_model_path=reward_model, **execution.training_arguments())


def _trained(execution: Execution, summary: Json) -> Json:
    """Cards beside the weights, and what there is to send: the model, and PPO's critic."""
    from rlhf.training.card import write_card

    sent: Json = {"summary": summary}
    for name, kind in (("model", execution.run["kind"]), ("critic", "critic")):
        folder = execution.output_dir / name
        if not folder.is_dir():
            continue
        write_card(
            folder,
            kind=kind,
            spec=execution.run["spec"],
            metrics=summary,
            inputs={"models": execution.run["models"], "snapshot": execution.run["snapshot"]},
            run={"id": execution.run["id"], "attempt": execution.run["attempt"]},
            environment=describe(seed=execution.run["spec"].get("seed", 0)),
        )
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        sent[f"{name}_files"] = [path.relative_to(execution.output_dir).as_posix() for path in files]
    return sent


def _sample(execution: Execution, spec: SampleSpec) -> Json:
    from rlhf.training.best_of_n import kl_bound, sample_best
    from rlhf.training.data import read_prompts
    from rlhf.training.sampling import sample

    prompts = read_prompts(execution.snapshot_dir())
    arguments: dict[str, Any] = {
        "model": spec.endpoint or execution.model("model"),
        "prompts": prompts,
        "num_responses": spec.responses_per_prompt,
        "seed": spec.seed,
        "reporter": execution.reporter,
        "on_progress": lambda done: execution.reporter.progress(done, len(prompts)),
    }
    choice: Json = {}
    if spec.best_of > 1:
        best = sample_best(
            spec, n=spec.best_of, reward_model_path=execution.model("reward_model"), **arguments
        )
        completions = [[one.completion for one in own] for own in best]
        chosen = [one for own in best for one in own]
        choice = {
            "best_of": spec.best_of,
            "kl_bound": kl_bound(spec.best_of),
            "mean_reward": sum(one.reward for one in chosen) / len(chosen),
            "mean_reward_before_choice": sum(one.mean_reward for one in chosen) / len(chosen),
        }
    else:
        completions = sample(spec, **arguments)
    rows = [
        {
            "prompt_id": prompt.id,
            "completions": [
                {"text": reply.text, "num_tokens": reply.num_tokens, "finish": reply.finish}
                for reply in replies
            ],
        }
        for prompt, replies in zip(prompts, completions, strict=True)
    ]
    _write_rows(execution.output_dir / "responses.jsonl", rows)
    replies = [reply for row in completions for reply in row]
    described = _describe([(reply.text, reply.num_tokens, reply.finish) for reply in replies])
    return {"summary": {**described, **choice}}


def _evaluate(execution: Execution, spec: EvaluateSpec) -> Json:
    from rlhf.training.best_of_n import kl_bound
    from rlhf.training.data import read_prompts
    from rlhf.training.evaluation import evaluate

    candidate, baselines = execution.run["models"]["model"], execution.run["models"]["baselines"]
    models = [candidate, *baselines]
    judge = execution.run["models"].get("reward_model")
    replies = list(
        evaluate(
            spec,
            models={
                candidate["id"]: spec.endpoint or execution.model("model"),
                **{model["id"]: execution.inputs.model(model) for model in baselines},
            },
            reward_model_path=execution.inputs.model(judge) if judge else None,
            prompts=read_prompts(execution.snapshot_dir()),
            seed=spec.seed,
            reporter=execution.reporter,
            best_of={candidate["id"]: spec.best_of},
        )
    )
    rows = [
        {
            "prompt_id": reply.prompt_id,
            "model": reply.model,
            "text": reply.completion.text,
            "finish": reply.completion.finish,
            "reward": reply.reward,
        }
        for reply in replies
    ]
    _write_rows(execution.output_dir / "responses.jsonl", rows)
    summary: Json = {}
    for model in models:
        own = [reply for reply in replies if reply.model == model["id"]]
        described = _describe(
            [(reply.completion.text, reply.completion.num_tokens, reply.completion.finish) for reply in own]
        )
        rewards = [reply.reward for reply in own if reply.reward is not None]
        if rewards:
            described["mean_reward"] = sum(rewards) / len(rewards)
        if model is candidate and spec.best_of > 1:
            described |= {"best_of": spec.best_of, "kl_bound": kl_bound(spec.best_of)}
        summary[model["ref"]] = described
    return {"summary": summary}


def _describe(replies: list[tuple[str, int, str]]) -> Json:
    count = len(replies)
    return {
        "num_responses": count,
        "mean_tokens": sum(tokens for _, tokens, _ in replies) / count,
        "share_cut_off": sum(finish == "length" for _, _, finish in replies) / count,
        "share_distinct": len({text for text, _, _ in replies}) / count,
    }


def _write_rows(path: Path, rows: Iterable[Json]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


# What each kind will import; the worker does it beforehand, all at once.
LIBRARIES = {
    "sft": ("rlhf.training.trainer", "trl.trainer.sft_trainer"),
    "reward": ("rlhf.training.trainer", "trl.trainer.reward_trainer"),
    "dpo": ("rlhf.training.trainer", "trl.trainer.dpo_trainer"),
    "kto": ("rlhf.training.trainer", "trl.trainer.kto_trainer"),
    "rloo": ("rlhf.training.trainer", "trl.trainer.rloo_trainer"),
    "ppo": ("rlhf.training.ppo",),
    "grpo": ("rlhf.training.trainer", "trl.trainer.grpo_trainer"),
    "sample": ("rlhf.training.sampling",),
    "evaluate": ("rlhf.training.evaluation",),
}
TRAININGS: dict[str, Callable[[Execution, Any], Json]] = {
    "sft": _sft,
    "reward": _reward,
    "dpo": _dpo,
    "kto": _kto,
    "rloo": _rloo,
    "ppo": _ppo,
    "grpo": _grpo,
}
OTHERS: dict[str, Callable[[Execution, Any], Json]] = {"sample": _sample, "evaluate": _evaluate}
