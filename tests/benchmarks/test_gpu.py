"""The code that measures a GPU, run on the CPU with a model that takes a moment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.card import dpo, ppo
from benchmarks.card.ground import SIZES, forward, make_model, shape

GPU = ("-m", "benchmarks.gpu")
ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_without_a_gpu_it_says_so():
    done = run(*GPU)
    assert done.returncode == 0
    assert done.stdout.startswith("There is no CUDA device here")


def test_every_figure_is_measured_by_the_code_that_trains(tmp_path):
    done = run(*GPU, "--cpu-smoke")
    assert done.returncode == 0, done.stderr[-3000:]
    figures = {line["figure"]: line for line in map(json.loads, done.stdout.strip().splitlines())}
    assert list(figures) == ["product of two bfloat16 matrices", "PPO, tiny", "DPO, tiny"]
    product, told_ppo, told_dpo = figures.values()
    tiny, model = SIZES["tiny"], make_model(SIZES["tiny"], tmp_path)
    assert told_ppo["n"] == tiny.rollouts - 1
    assert 0 < told_ppo["generation_share"] < 1
    assert told_dpo["n"] == tiny.steps - 1
    assert all(line["value"] > 0 and line["mfu"] > 0 for line in (told_ppo, told_dpo))
    per_token = {
        "ppo": ppo.work(tiny, model) / (tiny.rollout * tiny.completion),
        "dpo": dpo.work(tiny, model) / (2 * tiny.rows * tiny.length),
    }
    rates = [told_ppo["value"] * per_token["ppo"], told_dpo["value"] * per_token["dpo"]]
    assert told_ppo["mfu"] / told_dpo["mfu"] == pytest.approx(rates[0] / rates[1], rel=0.01)
    # A CPU multiplies such small bfloat16 matrices slowly, and its speed is told to few digits.
    assert told_ppo["mfu"] == pytest.approx(rates[0] / (product["value"] * 1e12), rel=0.3)


def test_ppo_is_measured_without_trl_and_django():
    """On a machine that has torch, transformers and accelerate, and what is carried there."""
    program = (
        "import sys\n"
        "for name in ('trl', 'datasets', 'pyarrow', 'peft', 'django'): sys.modules[name] = None\n"
        "from benchmarks.gpu import main\n"
        "sys.exit(main(['--cpu-smoke']))"
    )
    done = run("-c", program)
    assert done.returncode == 0, done.stderr[-3000:]
    figures = [json.loads(line)["figure"] for line in done.stdout.strip().splitlines()]
    assert figures[1:] == ["PPO, tiny"]
    assert "DPO is left out: it needs trl, datasets, pyarrow." in done.stderr


def test_work_is_what_torch_counts(tmp_path):
    """Attention but for the half that is masked, which torch counts too."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode
    from transformers import AutoModelForCausalLM

    size = SIZES["tiny"]
    model = AutoModelForCausalLM.from_pretrained(make_model(size, tmp_path), attn_implementation="eager")
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.full((3, size.length), 7))
    made = shape(tmp_path)
    masked = 3 * 2 * made.layers * made.heads * made.head_size * size.length**2
    expected = forward(made, rows=3, length=size.length, predicted=size.length) + masked
    assert counter.get_total_flops() == pytest.approx(expected, rel=0.001)


def test_work_of_a_last_layer_that_is_read_in_places_is_what_torch_counts(tmp_path):
    import torch
    from torch.utils.flop_counter import FlopCounterMode
    from transformers import AutoModel

    from rlhf.training.last_layer import Reader

    size = SIZES["tiny"]
    model = AutoModel.from_pretrained(make_model(size, tmp_path), attn_implementation="eager")
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        places, lengths = torch.arange(0, 3 * size.length, 4), torch.full((3,), size.length)
        Reader(model)(torch.full((3, size.length), 7), places, lengths)
    made = shape(tmp_path)
    masked = 3 * 2 * made.layers * made.heads * made.head_size * size.length**2
    expected = forward(made, rows=3, length=size.length, predicted=0, read=size.length / 4) + masked
    assert counter.get_total_flops() == pytest.approx(expected, rel=0.001)
