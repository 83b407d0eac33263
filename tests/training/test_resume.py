"""N steps, and N/2 steps resumed from a checkpoint, end with the same weights bit for bit and report
the same metrics."""

from __future__ import annotations

import importlib

import pytest
import torch
from safetensors.torch import load_file

from rlhf.specs import DpoTraining, GrpoTraining, KtoTraining, Lora, RlooTraining, SftTraining

# Of the time it took, and of the steps of this process alone.
UNLIKE = ("time", "per_second", "runtime", "train_loss")
SHARED = {"batch_size": 8, "max_steps": 4, "checkpoint_every": 2, "learning_rate": 1e-3, "max_length": 128}
ONLINE = {**SHARED, "num_generations": 4, "max_completion_length": 8}
CASES = {
    "sft": SftTraining(**SHARED),
    "sft packed": SftTraining(**SHARED | {"batch_size": 2}, packing=True),
    "sft watched": SftTraining(**SHARED, eval_every=1, patience=3),
    "dpo": DpoTraining(**SHARED),
    "dpo adapters": DpoTraining(**SHARED, lora=Lora(r=4, dropout=0.1)),
    "kto": KtoTraining(**SHARED),
    "rloo": RlooTraining(**ONLINE),
    "grpo": GrpoTraining(**ONLINE),
    # A step takes half of the prompts, so that the checkpoint lies between two epochs.
    "rloo again": RlooTraining(**ONLINE | {"batch_size": 120}),
}


@pytest.mark.parametrize("case", CASES)
def test_resumed_training_ends_bit_equal(case, train, reward_model, tmp_path):
    kind, spec = case.split()[0], CASES[case]
    function = getattr(importlib.import_module(f"rlhf.training.{kind}"), f"train_{kind}")
    extra = {"reward_model_path": reward_model} if kind in ("rloo", "grpo") else {}
    whole, undisturbed = train(function, spec, output_dir=tmp_path / "whole", **extra)
    torch.manual_seed(1234)  # a new process would have other random numbers
    checkpoint = tmp_path / "whole" / "checkpoints" / "checkpoint-2"
    rest, resumed = train(function, spec, output_dir=tmp_path / "rest", resume_from=checkpoint, **extra)

    expected = load_file(tmp_path / "whole" / "model" / "model.safetensors")
    found = load_file(tmp_path / "rest" / "model" / "model.safetensors")
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    changed = load_file(checkpoint / _weights(checkpoint))
    assert any(not torch.equal(changed[name], found[name]) for name in changed if name in found) or spec.lora
    timeless = [key for key in undisturbed.values[4] if not key.endswith(UNLIKE)]
    assert [undisturbed.values[4][key] for key in timeless] == [resumed.values[4][key] for key in timeless]
    assert {key: whole[key] for key in rest} == rest or kind in ("rloo", "grpo")


def _weights(checkpoint):
    return next(path.name for path in checkpoint.glob("*model.safetensors"))
