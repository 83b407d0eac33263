"""What PPO must remember to go on as if nothing had happened: rollouts, counters, weights, optimizers.

Random numbers have no state to save: each draw follows from the seed and from what it is for. Files are
safetensors and JSON, and a checkpoint's folder gets its name when it is whole.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from rlhf.training.errors import TrainingError
from rlhf.training.ppo_math import KlController, RunningMoments
from rlhf.training.ppo_models import Row

STATE_FILE, ROLLOUT_FILE = "state.json", "rollout.safetensors"
MOMENTS = ("exp_avg", "exp_avg_sq", "step")


@dataclass(slots=True)
class Rollout:
    """What the policy did, and what the other models thought of it. B rows, T completion tokens."""

    rows: list[Row]
    finished: list[bool]
    logprobs: Tensor  # (B, T), of the policy as it was
    reference: Tensor  # (B, T)
    values: Tensor  # (B, T), of the critic as it was
    sampler: Tensor | None  # (B, T), what the engine believed, where it says so
    scores: Tensor  # (B), normalised, less penalties
    kl_coef: float
    policy_version: int  # updates the policy had seen when it wrote this
    facts: dict[str, float]  # metrics that are known already

    @property
    def mask(self) -> Tensor:
        """(B, T), True at real tokens."""
        lengths = torch.tensor([len(row.completion) for row in self.rows])
        return (torch.arange(int(lengths.max())) < lengths[:, None]).to(self.logprobs.device)

    def save(self, path: Path) -> None:
        tensors = {
            "prompt_lengths": torch.tensor([len(row.prompt) for row in self.rows]),
            "completion_lengths": torch.tensor([len(row.completion) for row in self.rows]),
            "tokens": torch.tensor([token for row in self.rows for part in row for token in part]),
            "finished": torch.tensor(self.finished),
            **{name: getattr(self, name) for name in ("logprobs", "reference", "values", "scores")},
        }
        if self.sampler is not None:
            tensors["sampler"] = self.sampler
        numbers = {name: getattr(self, name) for name in ("kl_coef", "policy_version", "facts")}
        save_file(tensors, path, metadata={"numbers": json.dumps(numbers)})

    @classmethod
    def load(cls, path: Path, device: torch.device) -> Rollout:
        with safe_open(path, "pt") as file:
            numbers = json.loads(file.metadata()["numbers"])
        tensors = load_file(path)
        tokens = iter(tensors.pop("tokens").tolist())
        lengths = zip(
            tensors.pop("prompt_lengths").tolist(), tensors.pop("completion_lengths").tolist(), strict=True
        )
        rows = [
            Row([next(tokens) for _ in range(prompt)], [next(tokens) for _ in range(completion)])
            for prompt, completion in lengths
        ]
        finished = tensors.pop("finished").tolist()
        sampler = tensors.pop("sampler", None)
        placed: dict[str, Any] = {name: tensor.to(device) for name, tensor in tensors.items()}
        return cls(
            rows=rows,
            finished=finished,
            sampler=None if sampler is None else sampler.to(device),
            **placed,
            **numbers,
        )


@dataclass(slots=True)
class State:
    """Where a run stands: `update` updates of rollout number `rollout` are done."""

    kl: KlController
    rollout: int = 0
    update: int = 0
    policy_version: int = 0
    moments: RunningMoments = field(default_factory=RunningMoments)
    num_negative_kl: int = 0  # rollouts in a row
    updates: list[dict[str, float]] = field(default_factory=list)  # metrics of this rollout's updates
    recent: list[dict[str, float]] = field(default_factory=list)  # metrics of the last rollouts

    @classmethod
    def load(cls, path: Path) -> State:
        values = json.loads(path.read_text(encoding="utf-8"))
        kl, moments = KlController(**values.pop("kl")), RunningMoments(**values.pop("moments"))
        return cls(kl=kl, moments=moments, **values)


def save_checkpoint(
    folder: Path,
    state: State,
    rollout: Rollout | None,
    learners: Mapping[str, tuple[Mapping[str, nn.Parameter], torch.optim.Optimizer]],
) -> None:
    """`rollout` is what is being learned from; None between rollouts."""
    unfinished = folder.with_name(f".{folder.name}")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for name, (parameters, optimizer) in learners.items():
        tensors: dict[str, Tensor] = {}
        for key, parameter in parameters.items():
            tensors[f"weight|{key}"] = parameter.detach().contiguous()
            for moment, value in optimizer.state.get(parameter, {}).items():
                tensors[f"{moment}|{key}"] = value.contiguous()
        save_file(tensors, unfinished / f"{name}.safetensors")
    if rollout is not None:
        rollout.save(unfinished / ROLLOUT_FILE)
    (unfinished / STATE_FILE).write_text(json.dumps(asdict(state)), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)


@torch.no_grad()
def load_checkpoint(
    folder: Path,
    learners: Mapping[str, tuple[Mapping[str, nn.Parameter], torch.optim.Optimizer]],
    device: torch.device,
) -> tuple[State, Rollout | None]:
    for name, (parameters, optimizer) in learners.items():
        tensors = load_file(folder / f"{name}.safetensors")
        expected, found = set(parameters), {key[7:] for key in tensors if key.startswith("weight|")}
        if expected != found:
            raise TrainingError(
                f"The checkpoint {folder.name} is of another model or other settings "
                f"({len(expected ^ found)} tensors differ). Start the run anew."
            )
        for key, parameter in parameters.items():
            parameter.copy_(tensors[f"weight|{key}"])
            moments = {m: tensors[f"{m}|{key}"] for m in MOMENTS if f"{m}|{key}" in tensors}
            if moments:
                optimizer.state[parameter] = {
                    moment: value if moment == "step" else value.to(parameter.device)
                    for moment, value in moments.items()
                }
    path = folder / ROLLOUT_FILE
    return State.load(folder / STATE_FILE), Rollout.load(path, device) if path.is_file() else None


def padded(rows: Sequence[Sequence[float]], device: torch.device) -> Tensor:
    """(B, T) float32, zeros on the right."""
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[0.0] * (longest - len(row))] for row in rows], device=device)
