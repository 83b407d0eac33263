"""What a finished run leaves behind: a model, tasks in the queue, or an evaluation."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from io import TextIOWrapper
from typing import Any, NamedTuple

from labeling.core.errors import DomainError
from labeling.services.generators import get_or_create_generator
from labeling.services.queue import ResponseDraft, TaskDraft, queue_tasks
from rlhf import storage
from rlhf.models import Evaluation, ModelVersion, Run, Snapshot
from rlhf.selectors import snapshots as snapshot_selectors
from rlhf.services import run_files
from rlhf.services.models import save_new
from rlhf.services.validation import storable

RESPONSES = "responses.jsonl"
# Pickled weights run code when they are loaded.
PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")


def register(*, run: Run, result: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Store what `run` made and return what its page shows. Inside the caller's transaction, which
    makes it all or nothing; raises DomainError when what was sent is unusable."""
    match run.kind:
        case Run.Kind.SAMPLE:
            return _queue_samples(run, now)
        case Run.Kind.EVALUATE:
            return _evaluate(run, now)
        case _:
            return _register_model(run, result, now)


def _register_model(run: Run, result: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    sent = result.get("model_files")
    names = [str(name).removeprefix("model/") for name in sent] if isinstance(sent, list) else []
    found = {file.name.removeprefix("model/"): file for file in run.files.filter(name__startswith="model/")}
    missing = [name for name in names if name not in found]
    if missing:
        raise DomainError(f"The worker named the model file {missing[0]} but never sent it: retry the run.")
    is_whole = "config.json" in names or "adapter_config.json" in names
    if not is_whole or not any(name.endswith(".safetensors") for name in names):
        raise DomainError("The worker sent no whole model (config.json and safetensors): retry the run.")
    critic = _critic(run, result)
    pickles = [name for name in (*names, *(file["name"] for file in critic)) if name.endswith(PICKLES)]
    if pickles:
        raise DomainError(f"The model holds {pickles[0]}, which is a pickle: save weights as safetensors.")
    summary = result.get("summary")
    model = ModelVersion(
        project=run.project,
        kind=ModelVersion.Kind.REWARD if run.kind == Run.Kind.REWARD else ModelVersion.Kind.POLICY,
        name=run.spec["name"],
        parent_id=run.inputs["models"]["model"],
        produced_by=run,
        path=f"runs/{run.pk}/attempt-{run.attempt}/model",
        files=[
            {**file, "name": file["name"].removeprefix("model/")}
            for file in run_files.described(found[name] for name in names)
        ],
        critic_files=critic,
        summary=summary if isinstance(summary, dict) else {},
        created_at=now,
    )
    save_new(model)
    return {"model": str(model), "summary": model.summary}


def _critic(run: Run, result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The files of PPO's critic, described."""
    sent = result.get("critic_files")
    names = [str(name) for name in sent] if isinstance(sent, list) else []
    found = {file.name: file for file in run.files.filter(name__startswith="critic/")}
    missing = [name for name in names if name not in found]
    if missing:
        raise DomainError(f"The worker named the critic's {missing[0]} but never sent it: retry the run.")
    described = run_files.described(found[name] for name in names)
    return [{**file, "name": file["name"].removeprefix("critic/")} for file in described]


def _queue_samples(run: Run, now: datetime) -> dict[str, Any]:
    model = ModelVersion.objects.get(pk=run.inputs["models"]["model"])
    generator = _generator(run, model)
    unanswered = set(_asked_prompts(run))

    def drafts() -> Iterator[TaskDraft]:
        for row in _responses(run):
            prompt_id, completions = _number_of(row, "prompt_id"), row.get("completions")
            if prompt_id not in unanswered or not isinstance(completions, list):
                raise _unusable()
            if len(completions) != run.spec["responses_per_prompt"]:
                raise _unusable()
            unanswered.remove(prompt_id)
            yield TaskDraft(
                prompt_id=prompt_id,
                responses=[
                    ResponseDraft(generator, _as_messages(part), _finish(part)) for part in completions
                ],
                arm="random",
                overlap=run.spec["overlap"],
                priority=run.spec["priority"],
            )
        if unanswered:
            raise DomainError(f"{len(unanswered)} prompts were not answered: retry the run.")

    queued = queue_tasks(
        project=run.project,
        reference=f"run:{run.pk}:tasks",
        name=f"Samples of {model} (run {run.pk})",
        items=drafts(),
        now=now,
    )
    return {"batch": queued.batch.pk, "tasks": queued.tasks_created, "skipped": queued.tasks_skipped}


class _Answer(NamedTuple):
    reward: float | None
    text_hash: int


def _evaluate(run: Run, now: datetime) -> dict[str, Any]:
    candidate_id, baseline_ids = run.inputs["models"]["model"], run.inputs["models"]["baselines"]
    asked = _asked_prompts(run)
    expected = set(asked), {candidate_id, *baseline_ids}
    answers: dict[int, dict[int, _Answer]] = defaultdict(dict)  # prompt → model → answer
    for row in _responses(run):
        prompt_id, model_id = _number_of(row, "prompt_id"), _number_of(row, "model")
        text = row.get("text")
        if prompt_id not in expected[0] or model_id not in expected[1] or not isinstance(text, str):
            raise _unusable()
        answers[prompt_id][model_id] = _Answer(_number(row.get("reward")), hash(text))
    complete = [prompt for prompt in asked if len(answers[prompt]) == 1 + len(baseline_ids)]
    if len(complete) < len(asked):
        raise DomainError(
            f"Only {len(complete)} of {len(asked)} prompts were answered by every model: retry the run."
        )
    judge = run.inputs["models"].get("reward_model")
    for baseline_id in baseline_ids:
        if judge is not None:
            counts = _by_reward(answers, candidate_id, baseline_id)
            _store_evaluation(run, baseline_id, Evaluation.Judge.REWARD_MODEL, now, counts, judge)
        _store_evaluation(run, baseline_id, Evaluation.Judge.PEOPLE, now, Counter(), None)
    return _queue_blind_tasks(run, answers, asked, now)


def _by_reward(answers: dict[int, dict[int, _Answer]], candidate: int, baseline: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    for by_model in answers.values():
        ours, theirs = by_model[candidate], by_model[baseline]
        if ours.text_hash == theirs.text_hash:  # padding may move the last digits of equal texts
            counts["ties"] += 1
        elif ours.reward is not None and theirs.reward is not None:
            better, worse = ours.reward > theirs.reward, ours.reward < theirs.reward
            counts["wins" if better else "losses" if worse else "ties"] += 1
    return counts


def _store_evaluation(
    run: Run, baseline_id: int, judge: str, now: datetime, counts: Mapping[str, int], judge_model: int | None
) -> None:
    Evaluation.objects.create(
        run=run,
        candidate_id=run.inputs["models"]["model"],
        baseline_id=baseline_id,
        judge=judge,
        judge_model_id=judge_model,
        updated_at=now,
        **counts,
    )


def _queue_blind_tasks(
    run: Run, answers: dict[int, dict[int, _Answer]], asked: list[int], now: datetime
) -> dict[str, Any]:
    """Pairs for people, shared over the baselines; equal texts are no question to ask."""
    candidate_id, baseline_ids = run.inputs["models"]["model"], run.inputs["models"]["baselines"]
    chosen = _share(run.spec["human_tasks"], asked, answers, candidate_id, baseline_ids)
    if not chosen:
        return {"batch": None, "tasks": 0, "generators": {}}
    wanted = {prompt for prompt, _ in chosen}
    rows = {(row["prompt_id"], row["model"]): row for row in _responses(run) if row["prompt_id"] in wanted}
    models = ModelVersion.objects.in_bulk([candidate_id, *baseline_ids])
    generators = {model_id: _generator(run, model) for model_id, model in models.items()}
    queued = queue_tasks(
        project=run.project,
        reference=f"run:{run.pk}:evaluation",
        name=f"Evaluation of {models[candidate_id]} (run {run.pk})",
        items=[
            TaskDraft(
                prompt_id=prompt,
                responses=[
                    ResponseDraft(
                        generators[model_id],
                        _as_messages(rows[prompt, model_id]),
                        _finish(rows[prompt, model_id]),
                    )
                    for model_id in (candidate_id, baseline_id)
                ],
                arm="evaluation",
                overlap=run.spec["overlap"],
                priority=run.spec["priority"],
            )
            for prompt, baseline_id in chosen
        ],
        now=now,
    )
    return {
        "batch": queued.batch.pk,
        "tasks": queued.tasks_created,
        "generators": {str(model_id): generator.pk for model_id, generator in generators.items()},
    }


def _share(
    num_tasks: int,
    asked: list[int],
    answers: dict[int, dict[int, _Answer]],
    candidate_id: int,
    baseline_ids: list[int],
) -> list[tuple[int, int]]:
    """(prompt, baseline) pairs, as evenly over the baselines as their distinct texts allow; each
    baseline begins elsewhere, so that people see as many different prompts as possible."""
    share, rest = divmod(num_tasks, len(baseline_ids))
    chosen: list[tuple[int, int]] = []
    for place, baseline_id in enumerate(baseline_ids):
        start = place * len(asked) // len(baseline_ids)
        distinct = (
            (prompt, baseline_id)
            for prompt in asked[start:] + asked[:start]
            if answers[prompt][candidate_id].text_hash != answers[prompt][baseline_id].text_hash
        )
        chosen += [pair for pair, _ in zip(distinct, range(share + (place < rest)), strict=False)]
    return chosen


def _generator(run: Run, model: ModelVersion) -> Any:
    config = {key: run.spec[key] for key in ("temperature", "top_p", "max_new_tokens")}
    served = run.spec.get("endpoint")
    if served and model.pk == run.inputs["models"]["model"]:
        config["endpoint"] = {key: served[key] for key in ("url", "model")}
    return get_or_create_generator(
        project=run.project, kind="model", name=str(model), model_ref=str(model.pk), config=config
    )


def _asked_prompts(run: Run) -> list[int]:
    snapshot = Snapshot.objects.get(pk=run.inputs["snapshot"])
    return list(dict.fromkeys(snapshot_selectors.prompt_ids(snapshot=snapshot)))


def _responses(run: Run) -> Iterator[dict[str, Any]]:
    file = run.files.filter(name=RESPONSES).first()
    if file is None:
        raise DomainError(f"The worker sent no {RESPONSES}: retry the run.")
    with storage.open_file(file.path) as raw, TextIOWrapper(raw, encoding="utf-8") as lines:
        for line in lines:
            try:
                row = json.loads(line)
            except ValueError as problem:
                raise _unusable() from problem
            if not isinstance(row, dict):
                raise _unusable()
            yield row


def _as_messages(completion: Any) -> list[dict[str, Any]]:
    if not isinstance(completion, dict) or not isinstance(completion.get("text"), str):
        raise _unusable()
    return [{"role": "assistant", "content": storable(completion["text"])}]


def _finish(completion: dict[str, Any]) -> str:
    """How the model ended it, where the worker says so."""
    finish = completion.get("finish")
    return finish if finish in ("stop", "length") else ""


def _number_of(row: dict[str, Any], name: str) -> int:
    value = row.get(name)
    if not isinstance(value, int):
        raise _unusable()
    return value


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and value - value == 0 else None


def _unusable() -> DomainError:
    return DomainError(f"The worker's {RESPONSES} does not fit the run: retry it, then read its log.")
