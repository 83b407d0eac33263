"""Proximal policy optimization (Schulman et al. 2017) for language models, as Ziegler et al. (2019),
Stiennon et al. (2020) and Huang et al. (2024, "The N+ implementation details of RLHF with PPO") do it.

A rollout answers `rollout_batch_size` prompts. Each completion is scored as a whole, at its last token;
each token costs kl_coef times its KL to the model the run began with. A critic says what was to be
expected, generalised advantage estimation turns the difference into advantages, and policy and critic
learn from the rollout for `num_ppo_epochs` epochs, no update taking the policy far from what sampled it.

Every process holds the whole rollout (tokens and one number for each, never logits) and computes a share
of it: batch sizes and the number of processes change rounding only. A run that is killed anywhere goes
on from its checkpoint and ends with the same bits, since all random numbers follow from the seed.

Beside this file: ppo_math.py (formulas), ppo_models.py (policy, reference, critic), ppo_look.py (samples, and
what is said of them), ppo_targets.py (what a rollout asks of the models), ppo_state.py (what a checkpoint
holds), engines.py (sampling), rewards.py (scores), processes.py; docs/ppo.md explains settings. Leaves out:
sharded models (FSDP), asynchronous rollouts.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from torch import Tensor

from rlhf.specs import PpoTraining
from rlhf.training import critics
from rlhf.training import ppo_math as math_
from rlhf.training.data import PromptRow
from rlhf.training.engines import Engine, derive_seed
from rlhf.training.errors import TrainingError, out_of_memory_explained
from rlhf.training.modeling import chat_template_digest, device, find_model, load_tokenizer
from rlhf.training.ppo_look import Drawn, Look
from rlhf.training.ppo_models import POLICY, Models, Row
from rlhf.training.ppo_state import Rollout, State, load_checkpoint, padded, save_checkpoint
from rlhf.training.ppo_targets import Share, Targets
from rlhf.training.processes import OnlyMain, Processes
from rlhf.training.reporting import Reporter
from rlhf.training.rewards import Rewards, check_parity, shape_scores
from rlhf.training.rollout import make_engine, prompts_with_room
from rlhf.training.text import TokenIds, stop_token_ids

ADAM_EPS = 1e-5
LOOK_FACTOR = 4  # rows without gradients take less room than a batch that learns
SHOWN = ("objective/scores", "objective/kl", "objective/rlhf_reward", "completions/mean_length")
LAST_ROLLOUTS = 10
NUM_PROBES = 8
NEGATIVE_KL_ROLLOUTS = 5

Metrics = dict[str, float]


def train_ppo(
    spec: PpoTraining,
    *,
    model_path: str | Path,
    reward_model_path: str | Path | None,
    snapshot_dir: Path,
    output_dir: Path,
    reporter: Reporter,
    resume_from: Path | None = None,
    critic_path: Path | None = None,
) -> dict[str, Any]:
    """Writes `output_dir`/model and `output_dir`/critic; returns means of metrics over the last rollouts.
    `critic_path` is such a critic of an earlier run, to start from.
    `snapshot_dir` holds prompts or preferences; prompts of its train split are used. Raises TrainingError
    for what a researcher can mend."""
    processes = Processes()
    if not processes.is_main:
        reporter = OnlyMain(reporter)
    folder = find_model(model_path)
    reward_folder = None if reward_model_path is None else find_model(reward_model_path)
    tokenizer = load_tokenizer(folder)
    reporter.environment({"chat_template_sha256": chat_template_digest(tokenizer)})
    starts_alone = spec.critic == "separate"
    critics.check_tokens(tokenizer, folder, (critic_path or reward_folder) if starts_alone else None)
    with out_of_memory_explained(_memory_advice(spec)):
        rewards = Rewards.load(spec, reward_folder)
        models = Models.load(
            spec,
            folder=folder,
            tokenizer=tokenizer,
            reward_folder=reward_folder,
            critic_folder=critic_path,
        )
        prompts = prompts_with_room(snapshot_dir, tokenizer, spec, models.max_positions, reporter)
        probe_texts = [str(row.messages[-1]["content"] or "") for row, _ in prompts[:NUM_PROBES]]
        check_parity(rewards, [row.messages for row, _ in prompts[:NUM_PROBES]], probe_texts)
        run = Ppo(spec, models, rewards, prompts, processes, reporter, output_dir)
        if resume_from is not None:
            reporter.log(f"Resuming from {resume_from.name}.")
            run.resume(resume_from)
        run.train()
        if processes.is_main:
            models.save(output_dir)
    processes.wait()
    return {"num_prompts": len(prompts), **run.summary()}


class Ppo:
    """One run. `prompts` are (row of the snapshot, its tokens)."""

    def __init__(
        self,
        spec: PpoTraining,
        models: Models,
        rewards: Rewards,
        prompts: Sequence[tuple[PromptRow, TokenIds]],
        processes: Processes,
        reporter: Reporter,
        output_dir: Path,
        engine: Engine | None = None,
    ) -> None:
        self.spec = spec
        self.models = models
        self.rewards = rewards
        self.prompts = prompts
        self.processes = processes
        self.reporter = reporter
        self.output_dir = output_dir
        self.tokenizer = models.tokenizer
        stop_ids = stop_token_ids(self.tokenizer, models.generation_config.eos_token_id)
        if self.tokenizer.pad_token_id in stop_ids:
            raise TrainingError(
                "The PAD token also ends completions, so their ends could not be told from padding. "
                "Give the tokenizer a PAD of its own."
            )
        self.engine = engine or make_engine(spec, models, stop_ids)
        self.look = Look(models, rewards, most_rows=LOOK_FACTOR * spec.batch_size)

        self.policy, self.critic = models.policy_parameters(), models.critic_parameters()
        self.critic_rate = spec.critic_learning_rate or spec.learning_rate
        self.learners = {
            "policy": (self.policy, self._optimizer(self.policy, spec.learning_rate)),
            "critic": (self.critic, self._optimizer(self.critic, self.critic_rate)),
        }
        self.updates_per_rollout = spec.num_ppo_epochs * spec.num_mini_batches
        episodes = spec.total_episodes or math.ceil(spec.num_epochs * len(prompts))
        self.num_rollouts = math.ceil(episodes / spec.rollout_batch_size)
        self.num_steps = self.num_rollouts * self.updates_per_rollout
        self.state = State(math_.KlController(spec.kl_coef, spec.kl_target, spec.kl_horizon))
        self.rollout: Rollout | None = None
        self._saved_at = 0

    def _optimizer(self, parameters: dict[str, Any], learning_rate: float) -> torch.optim.Optimizer:
        return torch.optim.AdamW(
            parameters.values(),
            lr=learning_rate,
            eps=ADAM_EPS,
            weight_decay=self.spec.weight_decay,
            fused=True,
        )

    @property
    def step(self) -> int:
        """Optimizer steps; those that an early stop left out count as taken."""
        return self.state.rollout * self.updates_per_rollout + self.state.update

    def train(self) -> None:
        self.reporter.progress(self.step, self.num_steps)
        gc.freeze()  # what is here already stays: looking through it again and again takes its time
        while self.state.rollout < self.num_rollouts:
            started = time.monotonic()
            generation_seconds = 0.0
            if self.rollout is None:
                self.rollout, generation_seconds = self.collect()
            self.learn(self.rollout)
            self._finish_rollout(self.rollout, time.monotonic() - started, generation_seconds)

    def resume(self, folder: Path) -> None:
        self.state, self.rollout = load_checkpoint(folder, self.learners, device())
        self._saved_at = self.step

    # Collecting a rollout

    def collect(self) -> tuple[Rollout, float]:
        """The rollout and the seconds that sampling it took."""
        self.processes.raise_if_cancelled(self.reporter)
        spec, drawn = self.spec, self._draw_prompts()
        # Longest first, dealt out in turn: processes get alike work, and batches hold little padding.
        order = sorted(range(len(drawn)), key=lambda index: -len(drawn[index].ids))
        self.models.inference()
        self.models.activate(POLICY)
        mine, generation_seconds = self.look(
            self.engine, [drawn[index] for index in self.processes.share(order)]
        )
        by_index = dict(zip(order, self.processes.collect(mine), strict=True))
        seen = [by_index[index] for index in range(len(drawn))]
        rows = [Row(prompt.ids, one.sampled.ids) for prompt, one in zip(drawn, seen, strict=True)]
        finished = [one.sampled.finished for one in seen]
        shaped = shape_scores(
            [self.rewards.total(one.scores) for one in seen],
            [len(row.completion) for row in rows],
            finished,
            spec=spec,
            moments=self.state.moments,
        )
        believed = [one.sampled.logprobs for one in seen]
        rollout = Rollout(
            rows=rows,
            finished=finished,
            logprobs=padded([one.logprobs for one in seen], device()),
            reference=padded([one.reference for one in seen], device()),
            values=padded([one.values for one in seen], device()),
            sampler=padded([b for b in believed if b is not None], device()) if all(believed) else None,
            scores=torch.tensor(shaped, device=device()),
            kl_coef=self.state.kl.coef,
            policy_version=self.state.policy_version,
            facts={
                f"rewards/{name}/mean": fmean(one.scores[name] for one in seen) for name in seen[0].scores
            },
        )
        return rollout, generation_seconds

    def _draw_prompts(self) -> list[Drawn]:
        """One for each row of this rollout: the next ones of an endless shuffled sequence that has each
        prompt once in every pass."""
        drawn = []
        first = self.state.rollout * self.spec.rollout_batch_size
        orders: dict[int, list[int]] = {}
        for place in range(first, first + self.spec.rollout_batch_size):
            epoch, position = divmod(place, len(self.prompts))
            if epoch not in orders:
                orders[epoch] = self._shuffled(len(self.prompts), "prompts", epoch)
            row, ids = self.prompts[orders[epoch][position]]
            drawn.append(Drawn(row, ids, derive_seed(self.spec.seed, row.id, self.state.rollout, epoch)))
        return drawn

    def _shuffled(self, count: int, *purpose: object) -> list[int]:
        generator = torch.Generator().manual_seed(derive_seed(self.spec.seed, *purpose))
        return torch.randperm(count, generator=generator).tolist()

    # Learning from it

    def learn(self, rollout: Rollout) -> None:
        """All updates that are left of this rollout, with checkpoints between them."""
        self.models.learning()
        targets = Targets(rollout, self.spec)
        plan = self._minibatches(len(rollout.rows))
        while self.state.update < len(plan):
            self.processes.raise_if_cancelled(self.reporter)
            minibatches = plan[self.state.update :][: self._stretch()]
            if len(minibatches) > 1:
                self._update_apart(rollout, targets, minibatches)
                stopped = False
            else:
                stopped = self._update(rollout, targets, *minibatches)
            self.state.update = len(plan) if stopped else self.state.update + len(minibatches)
            self.reporter.progress(self.step, self.num_steps)
            if self.state.update < len(plan):
                self._checkpoint_when_due()

    def _stretch(self) -> int:
        """How many updates policy and critic make each for itself, where neither needs to know what the other
        did: up to the next checkpoint."""
        if not self.models.critic_is_apart or self.processes.count > 1 or self.spec.target_kl is not None:
            return 1
        return self.spec.checkpoint_every - self.step % self.spec.checkpoint_every

    def _minibatches(self, num_rows: int) -> list[list[int]]:
        size = num_rows // self.spec.num_mini_batches
        return [
            part
            for epoch in range(self.spec.num_ppo_epochs)
            for part in _chunks(self._shuffled(num_rows, "minibatches", self.state.rollout, epoch), size)
        ]

    def _update(self, rollout: Rollout, targets: Targets, minibatch: Sequence[int]) -> bool:
        """One optimizer step of policy and critic; True where the policy has gone far enough."""
        learns_policy = self._learns_policy
        shares, num_tokens = self._shares(rollout, minibatch)
        sums = targets.backward(self.models, shares, num_tokens, learns_policy=learns_policy)
        trained = [*(self.policy.values() if learns_policy else ()), *self.critic.values()]
        if self.processes.count > 1:
            for parameter in trained:
                if parameter.grad is None:  # this process had no row
                    parameter.grad = torch.zeros_like(parameter)
            self.processes.sum_([sums, *(parameter.grad for parameter in trained)])
        metrics = dict(zip(Targets.SUMS, (sums / num_tokens).tolist(), strict=True))
        limit = self.spec.target_kl
        is_too_far = limit is not None and metrics["policy/approxkl_avg"] > 1.5 * limit
        if is_too_far:
            for _, optimizer in self.learners.values():
                optimizer.zero_grad(set_to_none=True)
        else:
            for name in ("policy", "critic") if learns_policy else ("critic",):
                metrics |= self._apply(name, self.step)
        self._remember([metrics])
        return is_too_far

    def _update_apart(self, rollout: Rollout, targets: Targets, minibatches: Sequence[Sequence[int]]) -> None:
        """Optimizer steps of policy and critic, each of which makes all of its own without waiting for the
        other."""
        learns_policy = self._learns_policy
        shared = [self._shares(rollout, minibatch) for minibatch in minibatches]

        def policy(shares: Sequence[Share], num_tokens: int, step: int) -> Metrics:
            sums = targets.policy_backward(self.models, shares, num_tokens, learns=learns_policy)
            return _means(sums, num_tokens) | (self._apply("policy", step) if learns_policy else {})

        def critic(shares: Sequence[Share], num_tokens: int, step: int) -> Metrics:
            sums = targets.critic_backward(self.models, shares, num_tokens)
            return _means(sums, num_tokens) | self._apply("critic", step)

        def all_of(update: Callable[..., Metrics]) -> list[Metrics]:
            return [update(*one, step) for step, one in enumerate(shared, start=self.step)]

        both = self.models.side_by_side(lambda: all_of(policy), lambda: all_of(critic))
        self._remember([one | other for one, other in zip(*both, strict=True)])

    @property
    def _learns_policy(self) -> bool:
        return self.state.rollout >= self.spec.critic_warmup_rollouts

    def _shares(self, rollout: Rollout, minibatch: Sequence[int]) -> tuple[list[Share], int]:
        """What this process does of a minibatch, and the tokens of all of it."""
        order = sorted(minibatch, key=lambda index: -rollout.rows[index].length)
        num_tokens = sum(len(rollout.rows[index].completion) for index in minibatch)
        mine = self.processes.share(order)
        return self.models.batches(rollout.rows, mine, most_rows=self.spec.batch_size), num_tokens

    def _apply(self, name: str, step: int) -> Metrics:
        """The optimizer's step that follows `step` steps, of "policy" or "critic"."""
        spec, (parameters, optimizer) = self.spec, self.learners[name]
        factor = math_.learning_rate_factor(
            step,
            self.num_steps,
            warmup=math.ceil(spec.warmup_ratio * self.num_steps),
            kind=spec.lr_scheduler,
        )
        norm = torch.nn.utils.clip_grad_norm_(parameters.values(), spec.max_grad_norm)
        for group in optimizer.param_groups:
            group["lr"] = factor * (spec.learning_rate if name == "policy" else self.critic_rate)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if name == "policy":
            return {"policy/grad_norm": float(norm)}
        return {"val/grad_norm": float(norm), "lr": spec.learning_rate * factor}

    def _remember(self, updates: Sequence[Metrics]) -> None:
        for number, metrics in enumerate(updates):
            self._raise_if_diverged(metrics, self.step + number)
        self.state.policy_version += sum("policy/grad_norm" in metrics for metrics in updates)
        self.state.updates += updates

    def _raise_if_diverged(self, metrics: Metrics, step: int) -> None:
        for name, value in metrics.items():
            if not math.isfinite(value):
                raise TrainingError(
                    f"Training diverged: {name} is {value} at step {step}. "
                    f"Lower learning_rate (now {self.spec.learning_rate:g}), or warm up longer."
                )

    # Reporting and remembering

    def _finish_rollout(self, rollout: Rollout, seconds: float, generation_seconds: float) -> None:
        metrics = self._metrics(rollout)
        self.state.kl.update(metrics["objective/kl"], len(rollout.rows))
        self._watch_kl(metrics["objective/kl"])
        self.state.recent = [*self.state.recent, metrics][-LAST_ROLLOUTS:]
        self.state.rollout, self.state.update, self.state.updates = self.state.rollout + 1, 0, []
        self.rollout = None
        speed = {}
        if generation_seconds:  # else the rollout was begun before a restart
            num_tokens = sum(len(row.completion) for row in rollout.rows)
            speed = {
                "tokens_per_second": num_tokens / seconds,
                "time/generation_share": generation_seconds / seconds,
            }
        self.reporter.metrics(self.step, {**metrics, **speed})
        self.processes.raise_if_cancelled(self.reporter)
        if self.state.rollout < self.num_rollouts:
            self._checkpoint_when_due()

    def _metrics(self, rollout: Rollout) -> dict[str, float]:
        """Under the names of TRL's PPOTrainer, and some more."""
        mask = rollout.mask
        kl = math_.kl_terms(rollout.logprobs, rollout.reference, mask, estimator=self.spec.kl_estimator)
        k1 = math_.kl_terms(rollout.logprobs, rollout.reference, mask)
        non_score = -rollout.kl_coef * kl.sum(1).mean().item()
        scores = rollout.scores.mean().item()
        targets = Targets(rollout, self.spec)
        updates = self.state.updates
        names = {name for update in updates for name in update}
        averages = {name: fmean([u[name] for u in updates if name in u]) for name in names}
        ratios = torch.tensor([update["val/ratio"] for update in updates], dtype=torch.float64)
        lengths = [len(row.completion) for row in rollout.rows]
        if rollout.sampler is not None:
            gap = torch.where(mask, rollout.logprobs.exp() - rollout.sampler.exp(), 0).abs()
            averages["sampling/probability_error/max"] = gap.max().item()
            averages["sampling/importance_weight/mean"] = math_.masked_mean(
                targets.weights if targets.weights is not None else torch.ones_like(gap), mask
            ).item()
        return {
            **averages,
            **rollout.facts,
            "episode": float((self.state.rollout + 1) * self.spec.rollout_batch_size),
            "objective/kl": k1.sum(1).mean().item(),
            "objective/entropy": -torch.where(mask, rollout.logprobs, 0).sum(1).mean().item(),
            "objective/non_score_reward": non_score,
            "objective/rlhf_reward": scores + non_score,
            "objective/scores": scores,
            "objective/kl_coef": rollout.kl_coef,
            "val/ratio_var": ratios.var(unbiased=False).item(),
            "val/num_eos_tokens": float(sum(rollout.finished)),
            "val/explained_variance": math_.explained_variance(rollout.values, targets.returns, mask),
            "completions/mean_length": sum(lengths) / len(lengths),
            "completions/clipped_ratio": 1 - sum(rollout.finished) / len(lengths),
            "sampling/policy_version": float(rollout.policy_version),
            "lr": updates[-1].get("lr", updates[0].get("lr", 0.0)),
        }

    def _watch_kl(self, kl: float) -> None:
        """The mean of an unbiased estimate may dip below zero, but not again and again: then what is
        sampled is not what the policy believes."""
        self.state.num_negative_kl = self.state.num_negative_kl + 1 if kl < -0.01 else 0
        if self.state.num_negative_kl == NEGATIVE_KL_ROLLOUTS:
            self.reporter.log(
                f"The KL was negative in {NEGATIVE_KL_ROLLOUTS} rollouts in a row (now {kl:.3f}): "
                "completions are not sampled from the policy that learns. Check the engine."
            )

    def _checkpoint_when_due(self) -> None:
        every = self.spec.checkpoint_every
        if self.step // every == self._saved_at // every:
            return
        self._saved_at = self.step
        if self.processes.is_main:
            folder = self.output_dir / "checkpoints" / f"checkpoint-{self.step}"
            save_checkpoint(folder, self.state, self.rollout, self.learners)
            self.reporter.checkpoint(self.step, folder)
        self.processes.wait()

    def summary(self) -> dict[str, float]:
        recent = self.state.recent
        return {name: fmean([metrics[name] for metrics in recent]) for name in SHOWN}


def _chunks(items: Sequence[int], size: int) -> Iterator[list[int]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def _means(sums: dict[str, Tensor], num_tokens: int) -> Metrics:
    return {name: float(value) / num_tokens for name, value in sums.items()}


def _memory_advice(spec: PpoTraining) -> str:
    other = "" if spec.lora else ", or train LoRA adapters with critic: adapter"
    return f"lower batch_size (now {spec.batch_size}), lower max_length (now {spec.max_length}){other}"
