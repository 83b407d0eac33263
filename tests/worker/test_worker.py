from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.training.chat_server import serve_chat
from tests.training.tiny import write_split
from tests.worker.protocol_server import describe_files

TRAINING = {"model": "base@1", "snapshot": 1, "learning_rate": 1e-3, "batch_size": 4, "checkpoint_every": 4}
# Long enough that a fast machine has not finished before its first checkpoint is stored.
SPECS = {
    "sft": {**TRAINING, "num_epochs": 8, "eval_every": 12, "patience": 1000},
    "reward": {**TRAINING, "num_epochs": 8, "lora": {"r": 4, "dropout": 0.1}},
    "dpo": {**TRAINING, "num_epochs": 4, "log_every": 3},
    "rloo": {
        **TRAINING,
        "reward_model": "reward@1",
        "max_steps": 20,
        "gradient_accumulation_steps": 2,
        "max_completion_length": 12,
        "max_length": 96,
    },
    "ppo": {
        **TRAINING,
        "reward_model": "reward@1",
        "rollout_batch_size": 8,
        "total_episodes": 64,
        "max_completion_length": 12,
        "max_length": 96,
    },
}
WITH_REWARD_MODEL = {"rloo", "ppo"}


def wait_for_exit(process, seconds=60):
    process.join(timeout=seconds)
    assert process.exitcode is not None, "the worker did not end"
    return process.exitcode


def weights(folder: Path):
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def assert_same_weights(one: Path, other: Path):
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    assert all(bool((first[name] == second[name]).all()) for name in first)


def train_undisturbed(kind, spec, base_model, snapshot, reward_model, folder) -> Path:
    """The same training in this process, which nobody disturbs."""
    import importlib

    import torch

    from rlhf.specs import SPECS as MODELS
    from rlhf.training.reporting import ConsoleReporter

    torch.set_num_threads(1)
    train = getattr(importlib.import_module(f"rlhf.training.{kind}"), f"train_{kind}")
    more = {"reward_model_path": reward_model} if kind in WITH_REWARD_MODEL else {}
    train(
        MODELS[kind].model_validate({"kind": kind, **spec}),
        model_path=base_model,
        snapshot_dir=snapshot,
        output_dir=folder,
        reporter=ConsoleReporter(),
        **more,
    )
    return folder / "model"


@pytest.mark.parametrize("kind", SPECS)
def test_killed_run_ends_with_the_weights_of_an_undisturbed_one(
    kind, make_server, start_worker, base_model, snapshot, reward_model, tmp_path
):
    server = make_server(kind, SPECS[kind], reward_model=reward_model if kind in WITH_REWARD_MODEL else None)
    worker = start_worker(server)

    def kill_after_a_checkpoint(method, path):
        if not (server.checkpoint and server.attempt == 1):
            return None
        if worker.is_alive():
            os.kill(worker.pid, signal.SIGKILL)
        return "drop"  # what the dead had sent could still be its last request

    server.faults = kill_after_a_checkpoint
    assert wait_for_exit(worker) == -signal.SIGKILL
    resumed_at = server.checkpoint["step"]
    assert resumed_at > 0
    assert server.finished is None

    assert wait_for_exit(start_worker(server)) == 0
    assert server.finished["state"] == "succeeded", server.log()
    assert f"Resuming from checkpoint-{resumed_at}." in server.log()
    assert max(Counter(server.metric_names()).values()) == 1
    reference = train_undisturbed(kind, SPECS[kind], base_model, snapshot, reward_model, tmp_path / "ref")
    assert_same_weights(server.files / "model", reference)
    assert not list((tmp_path / "work").glob("run-*"))


def test_run_killed_again_and_again_ends_the_same(make_server, start_worker, base_model, snapshot, tmp_path):
    spec = {**SPECS["reward"], "checkpoint_every": 2}
    server = make_server("reward", spec)
    rng = random.Random(4)
    for _ in range(4):
        worker = start_worker(server)
        remaining = rng.randint(4, 40)

        def kill_later(method, path, worker=worker):
            nonlocal remaining
            remaining -= 1
            if remaining == 0 and worker.is_alive():
                os.kill(worker.pid, signal.SIGKILL)

        server.on_request = kill_later
        wait_for_exit(worker)
    server.on_request = lambda method, path: None
    if not server.finished:
        assert wait_for_exit(start_worker(server)) == 0
    assert server.finished["state"] == "succeeded", server.log()
    assert max(Counter(server.metric_names()).values()) == 1
    steps = sorted(step for step, name in server.metric_names() if name == "loss")
    assert steps == list(range(1, len(steps) + 1))
    reference = train_undisturbed("reward", spec, base_model, snapshot, None, tmp_path / "ref")
    assert_same_weights(server.files / "model", reference)


def test_faulty_network_changes_nothing_that_is_reported(make_server, start_worker):
    server = make_server("sft", {**TRAINING, "max_steps": 6, "checkpoint_every": 3})
    rng = random.Random(1)
    server.faults = lambda method, path: rng.choice(["drop", "lose", 500, 503] + [None] * 12)
    assert wait_for_exit(start_worker(server)) == 0
    assert server.finished["state"] == "succeeded", (server.finished, server.log())
    assert [event["step"] for event in server.of_type("metrics")][:6] == [1, 2, 3, 4, 5, 6]
    sent = {file["name"] for file in describe_files(server.files)}
    assert set(server.finished["result"]["model_files"]) <= sent


def test_run_survives_an_outage_in_the_middle(make_server, start_worker):
    server = make_server("sft", {**TRAINING, "max_steps": 40, "checkpoint_every": 10})
    worker = start_worker(server)
    while not server.of_type("metrics"):
        time.sleep(0.01)
    server.stop()
    time.sleep(1.0)
    server.start()
    assert wait_for_exit(worker) == 0
    assert [step for step, name in server.metric_names() if name == "loss"] == list(range(1, 41))


def test_result_can_be_used_and_repeated(make_server, start_worker, base_model):
    server = make_server("dpo", {**TRAINING, "max_steps": 3, "seed": 5})
    assert wait_for_exit(start_worker(server)) == 0
    result = server.finished["result"]
    assert {"model/config.json", "model/model.safetensors", "model/tokenizer.json"} <= set(
        result["model_files"]
    )
    lineage = json.loads((server.files / "model" / "lineage.json").read_text())
    assert lineage["inputs"]["snapshot"] == {"id": 1, "kind": "preferences", "digest": "d"}
    assert lineage["run"]["attempt"] == 1
    assert lineage["metrics"] == result["summary"]
    assert (server.files / "model" / "README.md").read_text().startswith('---\nbase_model: "base@1"\n')
    assert not [name for name in result["model_files"] if name.endswith((".bin", ".pt"))]
    assert 0 <= result["summary"]["eval_rewards/accuracies"] <= 1
    assert "rewards/margins" in server.metrics()[1]
    environment = server.of_type("environment")[-1]["values"]
    assert environment["packages"]["trl"]
    assert environment["seed"] == 5
    assert environment["threads"] == 1
    assert len(environment["chat_template_sha256"]) == 64
    assert server.of_type("progress")[-1]["step"] == 3
    assert server.num_heartbeats > 0


@pytest.mark.parametrize("kind", ["kto", "grpo"])
def test_each_kind_ends_with_a_model(kind, make_server, start_worker, reward_model):
    spec = {**TRAINING, "max_steps": 2}
    if kind == "grpo":
        spec |= {"reward_model": "reward@1", "num_generations": 4, "max_completion_length": 8}
    server = make_server(kind, spec, reward_model=reward_model if kind == "grpo" else None)
    assert wait_for_exit(start_worker(server)) == 0
    assert server.finished["state"] == "succeeded", server.log()
    assert "model/model.safetensors" in server.finished["result"]["model_files"]


@pytest.mark.parametrize("critic", ["separate", "adapter"])
def test_a_critic_is_sent_and_started_from(critic, make_server, start_worker, tmp_path):
    rule = {"source": "verifier", "verifier": "max_words", "argument": 3}
    spec = {**SPECS["ppo"], "reward_model": None, "rewards": [rule], "total_episodes": 16, "critic": critic}
    if critic == "adapter":
        spec["lora"] = {"r": 4}
    first = make_server("ppo", spec)
    assert wait_for_exit(start_worker(first)) == 0
    result = first.finished["result"]
    weights_file = "model.safetensors" if critic == "separate" else "adapter_model.safetensors"
    assert {f"critic/{weights_file}", "critic/lineage.json"} <= set(result["critic_files"])
    assert not any(name.startswith("critic/") for name in result["model_files"])

    first.stop()
    again = make_server("ppo", {**spec, "critic_from": "policy@1"})
    again.root = tmp_path / "again"
    again.critic_folder = first.files / "critic"
    files = describe_files(again.critic_folder)
    again.models["critic_from"] = {"id": 9, "ref": "policy@1", "source": "", "files": files}
    assert wait_for_exit(start_worker(again)) == 0
    assert again.finished["state"] == "succeeded", again.log()
    lineage = json.loads((again.files / "critic" / "lineage.json").read_text())
    assert lineage["inputs"]["models"]["critic_from"]["ref"] == "policy@1"


def test_a_model_that_cannot_do_it_fails_the_run_before_libraries_are_loaded(make_server, start_worker):
    server = make_server("sft", {**TRAINING, "max_length": 300})
    assert wait_for_exit(start_worker(server)) == 0
    assert server.finished["error"].startswith("max_length (300) exceeds the 256 positions of the model")
    assert not server.of_type("environment")


def test_sample_answers_each_prompt(make_server, start_worker):
    spec = {"model": "base@1", "max_new_tokens": 8, "responses_per_prompt": 3, "batch_size": 16}
    server = make_server("sample", spec)
    assert wait_for_exit(start_worker(server)) == 0
    assert server.finished["state"] == "succeeded", server.log()
    rows = [json.loads(line) for line in (server.files / "responses.jsonl").read_text().splitlines()]
    assert [row["prompt_id"] for row in rows] == list(range(100, 160))
    assert all(len(row["completions"]) == 3 for row in rows)
    assert {reply["finish"] for row in rows for reply in row["completions"]} <= {"stop", "length"}


def test_a_model_that_is_served_answers_without_being_fetched(make_server, start_worker, reward_model):
    served = {"id": 5, "ref": "tuned@1", "source": "/nowhere/tuned", "files": []}
    with serve_chat() as chat:
        spec = {"model": "tuned", "endpoint": {"url": chat.url, "model": "tuned"}, "max_new_tokens": 8}
        environment = {"RUN_ALLOW_PRIVATE": "1", "ENDPOINT_KEYS": f"{chat.url}=secret"}
        server = make_server("sample", spec)
        server.models["model"] = served
        assert wait_for_exit(start_worker(server, **environment)) == 0
        assert server.finished["state"] == "succeeded", server.log()
        assert server.finished["result"]["summary"]["mean_tokens"] == 7
        assert (len(chat.requests), set(chat.keys)) == (120, {"Bearer secret"})
        assert "secret" not in json.dumps(server.events)
        server.stop()

        spec |= {"baselines": ["base@1"], "reward_model": "reward@1"}
        server = make_server("evaluate", spec, reward_model=reward_model)
        server.models |= {"baselines": [server.models["model"]], "model": served}
        assert wait_for_exit(start_worker(server, **environment)) == 0
        assert server.finished["state"] == "succeeded", server.log()
        assert server.finished["result"]["summary"].keys() == {"tuned@1", "base@1"}
        assert len(chat.requests) == 180


def test_evaluation_scores_every_model(make_server, start_worker, base_model, reward_model):
    spec = {"model": "base@1", "baselines": ["old@1"], "reward_model": "reward@1", "max_new_tokens": 8}
    server = make_server("evaluate", spec, reward_model=reward_model)
    server.models["baselines"] = [{**server.models["model"], "id": 3, "ref": "old@1"}]
    server.model_folders[3] = base_model
    assert wait_for_exit(start_worker(server)) == 0
    assert server.finished["state"] == "succeeded", server.log()
    rows = [json.loads(line) for line in (server.files / "responses.jsonl").read_text().splitlines()]
    assert [row["model"] for row in rows[:4]] == [1, 3, 1, 3]
    by_prompt: dict[int, list] = {}
    for row in rows:
        by_prompt.setdefault(row["prompt_id"], []).append((row["text"], row["reward"]))
    # The same weights and the same random numbers: the same replies, to each prompt.
    assert all(first == second for first, second in by_prompt.values())
    assert server.finished["result"]["summary"]["base@1"]["num_responses"] == 60


def test_best_of_n_is_sampled_and_evaluated(make_server, start_worker, base_model, reward_model):
    shared = {"model": "base@1", "reward_model": "reward@1", "max_new_tokens": 8, "best_of": 3}
    server = make_server("sample", {**shared, "responses_per_prompt": 2}, reward_model=reward_model)
    assert wait_for_exit(start_worker(server)) == 0
    assert server.finished["state"] == "succeeded", server.log()
    summary = server.finished["result"]["summary"]
    assert (summary["best_of"], summary["num_responses"]) == (3, 120)
    assert summary["kl_bound"] == pytest.approx(0.432, abs=1e-3)
    assert summary["mean_reward"] > summary["mean_reward_before_choice"]
    server.stop()

    server = make_server("evaluate", {**shared, "baselines": ["old@1"]}, reward_model=reward_model)
    server.models["baselines"] = [{**server.models["model"], "id": 3, "ref": "old@1"}]
    server.model_folders[3] = base_model
    assert wait_for_exit(start_worker(server)) == 0
    summary = server.finished["result"]["summary"]
    assert summary["base@1"]["kl_bound"] == pytest.approx(0.432, abs=1e-3)
    assert "kl_bound" not in summary["old@1"]
    assert summary["base@1"]["mean_reward"] > summary["old@1"]["mean_reward"]


def test_cancelled_run_stops_at_its_next_step(make_server, start_worker):
    server = make_server("sft", {**TRAINING, "max_steps": 100_000})
    worker = start_worker(server)
    while not server.of_type("metrics"):
        time.sleep(0.01)
    server.cancel = True
    assert wait_for_exit(worker, 20) == 0
    assert server.finished == {"state": "cancelled"}


def test_terminated_worker_leaves_the_run_to_the_next(make_server, start_worker):
    server = make_server("sft", {**TRAINING, "max_steps": 100_000})
    worker = start_worker(server)
    while not server.checkpoint:
        time.sleep(0.01)
    worker.terminate()
    assert wait_for_exit(worker, 20) == 128 + signal.SIGTERM
    assert server.finished is None


def test_worker_with_a_dead_token_ends_at_once(make_server, start_worker):
    server = make_server("sft", {**TRAINING, "max_steps": 100_000})
    assert wait_for_exit(start_worker(server, token="plr_old")) == 3
    worker = start_worker(server)
    while not server.of_type("metrics"):
        time.sleep(0.01)
    server.new_attempt()
    assert wait_for_exit(worker, 10) == 3


def test_worker_that_finds_no_server_says_so(make_server, start_worker, monkeypatch, tmp_path):
    server = make_server("sft", TRAINING)
    server.stop()
    assert wait_for_exit(start_worker(server, start_seconds=0.2)) == 4
    assert "did not answer" in (tmp_path / "worker.log").read_text()


@pytest.mark.parametrize(
    ("changes", "rows", "message"),
    [
        ({"learning_rate": 1e30, "max_grad_norm": 1e30}, None, "Training diverged"),
        ({}, [{"prompt_id": 1, "prompt": [{"role": "user", "content": "x"}]}], "neither `completion` nor"),
        ({"max_length": 8}, None, "No prompt is shorter than max_length (8 tokens)"),
    ],
)
def test_failed_run_says_why(changes, rows, message, make_server, start_worker, tmp_path):
    server = make_server("sft", {**TRAINING, "max_steps": 20, **changes})
    if rows:
        server.snapshot_folder = tmp_path / "other"
        server.snapshot_folder.mkdir()
        write_split(server.snapshot_folder, "train", rows)
    assert wait_for_exit(start_worker(server)) == 0
    assert server.finished["state"] == "failed"
    assert message in server.finished["error"]
    assert "\n" not in server.finished["error"]


def test_crashed_run_tells_the_error_and_logs_the_traceback(make_server, start_worker, tmp_path):
    server = make_server("sft", TRAINING)
    server.snapshot_folder = tmp_path / "damaged"
    server.snapshot_folder.mkdir()
    (server.snapshot_folder / "train.parquet").write_bytes(b"no parquet at all")
    assert wait_for_exit(start_worker(server)) == 0
    assert server.finished["state"] == "failed"
    assert server.finished["error"].startswith("The run crashed: ")
    assert "Traceback (most recent call last):" in server.log()


def test_unknown_model_fails_the_run_before_libraries_are_loaded(make_server, start_worker):
    server = make_server("sft", TRAINING)
    server.models["model"] = {**server.models["model"], "source": "nobody/no-such-model"}
    assert wait_for_exit(start_worker(server)) == 0
    assert "nobody/no-such-model" in server.finished["error"]
    assert not server.of_type("environment")
