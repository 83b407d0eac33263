"""A tiny random Llama with its own tokenizer, and snapshots of made-up replies, made on the fly."""

from __future__ import annotations

import pytest

from tests.training.tiny import Recorder, make_model, make_snapshot


@pytest.fixture(scope="session")
def base_model(tmp_path_factory):
    return make_model(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="session")
def snapshot(tmp_path_factory):
    return make_snapshot(tmp_path_factory.mktemp("snapshot"))


@pytest.fixture(scope="session")
def reward_model(base_model, snapshot, tmp_path_factory):
    """Of random weights but a real one: what it prefers is not the point of those who ask it."""
    import torch

    from rlhf.training.modeling import load_reward_model, load_tokenizer, save_model

    folder = tmp_path_factory.mktemp("reward")
    tokenizer = load_tokenizer(base_model)
    model = load_reward_model(base_model, tokenizer, dtype=torch.float32, new_head_seed=1)
    save_model(model, tokenizer, folder)
    return folder


@pytest.fixture
def train(base_model, snapshot, tmp_path):
    def run(function, spec, **changes):
        reporter = Recorder()
        summary = function(
            spec,
            **{
                "model_path": base_model,
                "snapshot_dir": snapshot,
                "output_dir": tmp_path / "out",
                "reporter": reporter,
                **changes,
            },
        )
        return summary, reporter

    return run


@pytest.fixture
def two_threads():
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)
