"""What is refused before anything is queued, what it would take, and what to start from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rlhf.models import ModelVersion, Round, Run
from rlhf.services.snapshots import freeze
from tests.rlhf.factories import NOON, begin

pytestmark = pytest.mark.django_db
SMALL = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "vocab_size": 500,
    "max_position_embeddings": 256,
    "pad_token_id": 0,
    "eos_token_id": 2,
}
SIZES = {"max_length": 128, "batch_size": 4}
RUNS, ROUNDS = "/api/projects/support/runs", "/api/projects/support/rounds"


def write_model(base: str, *, tokenizer: dict[str, Any] | None = None, **changes: Any) -> None:
    (Path(base) / "config.json").write_text(json.dumps({**SMALL, **changes}))
    if tokenizer:
        (Path(base) / "tokenizer_config.json").write_text(json.dumps(tokenizer))


@pytest.fixture
def small(base: str) -> str:
    write_model(base)
    return base


@pytest.fixture
def reward(launch, preferences, small) -> str:
    run = launch("reward", snapshot=preferences.pk, **SIZES)
    assert begin(run).finish_training().json()["state"] == "succeeded"
    return str(ModelVersion.objects.get(produced_by=run))


@pytest.mark.once
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "grpo", "reward_model": "r@1", "beta": 0}, "beta must be above 0"),
        ({"kind": "dpo", "loss_type": "hinge", "label_smoothing": 0.1}, "hinge ignores label_smoothing"),
        ({"kind": "ppo", "reward_model": "r@1", "top_p": 0.9}, "top_p must be 1"),
        ({"kind": "ppo"}, "nothing scores the completions"),
        ({"kind": "ppo", "reward_model": "r@1", "lora": {"load_in_4bit": True}}, "does not train in 4 bits"),
        ({"kind": "ppo", "reward_model": "r@1", "kl_target": 1, "kl_coef": 0}, "raise kl_coef"),
        ({"kind": "reward", "lora": {"load_in_4bit": True}}, "load_in_4bit is for policies"),
        ({"kind": "ppo", "rewards": [{"source": "verifier", "verifier": "regex"}]}, "needs a pattern"),
        ({"kind": "sft", "max_length": 512}, "exceeds the 256 positions of the model"),
        ({"kind": "sft", **SIZES, "lora": {"r": 128}}, "exceeds the hidden size of the model (64)"),
    ],
)
def test_what_cannot_work_is_refused_in_a_sentence(preferences, as_rita, small, fields, words):
    spec = {"model": small, "snapshot": preferences.pk, **fields}
    refused = as_rita.post(RUNS, spec, format="json")
    assert refused.status_code == 400, refused.json()
    assert words in refused.json()["message"]
    assert not Run.objects.exists()
    assert not ModelVersion.objects.exists()


@pytest.mark.once
def test_a_pad_that_ends_replies_is_refused_for_ppo_alone(preferences, as_rita, base, reward):
    write_model(base, tokenizer={"pad_token": "<pad>", "eos_token": "<end>"}, eos_token_id=[0, 2])
    spec = {"model": base, "snapshot": preferences.pk, "reward_model": reward, **SIZES}
    refused = as_rita.post(RUNS, {**spec, "kind": "ppo"}, format="json")
    assert refused.status_code == 400
    assert "PAD token also ends replies" in refused.json()["message"]
    assert as_rita.post(RUNS, {**spec, "kind": "rloo"}, format="json").status_code == 201


@pytest.mark.once
def test_a_model_that_was_trained_here_is_read_from_the_artifacts(launch, preferences, as_rita, small):
    worker = begin(launch("sft", snapshot=preferences.pk, **SIZES))
    worker.put("model/config.json", json.dumps({**SMALL, "max_position_embeddings": 100}).encode())
    worker.put("model/model.safetensors", b"weights")
    worker.finish(result={"model_files": ["config.json", "model.safetensors"]})
    spec = {"kind": "dpo", "model": "policy@1", "snapshot": preferences.pk, **SIZES}
    refused = as_rita.post(RUNS, spec, format="json")
    assert refused.json()["message"].startswith("max_length (128) exceeds the 100 positions")


@pytest.mark.once
def test_validation_rows_and_prompts_must_be_there(labeled, preferences, as_rita, rita, small, reward):
    train = freeze(
        project=labeled, kind="preferences", filters={"splits": ["train"]}, user=rita, now=NOON, name="train"
    )
    spec = {"model": small, "snapshot": train.pk, **SIZES}
    refused = as_rita.post(RUNS, {**spec, "kind": "dpo", "eval_every": 2}, format="json")
    assert refused.json()["fields"] == {"eval_every": "no_rows"}
    many = {"kind": "rloo", "reward_model": reward, "gradient_accumulation_steps": 100}
    refused = as_rita.post(RUNS, {**spec, **many}, format="json")
    assert refused.json()["fields"] == {"batch_size": "no_rows"}


def test_a_round_is_checked_whole(labeled, as_rita, small):
    spec = {"policy": small, "judgments": 4, "dpo": {"max_length": 1000}, "reward": {"max_length": 128}}
    refused = as_rita.post(ROUNDS, spec, format="json")
    assert refused.status_code == 400
    assert refused.json()["message"].startswith("dpo: max_length (1000) exceeds the 256 positions")
    assert refused.json()["fields"] == {"dpo": "unfit"}
    assert not Round.objects.exists()
    launched = as_rita.post(ROUNDS, {**spec, "dpo": SIZES}, format="json")
    assert launched.status_code == 201, launched.json()
    changed = as_rita.patch(
        f"/api/rounds/{launched.json()['id']}", {"dpo": {"max_length": 999}}, format="json"
    )
    assert changed.status_code == 400
    assert Round.objects.get().spec["dpo"]["max_length"] == 128


def test_a_dry_run_tells_the_memory_and_stores_nothing(preferences, as_rita, small):
    spec = {"kind": "dpo", "model": small, "snapshot": preferences.pk, **SIZES}
    told = as_rita.post(f"{RUNS}/check", spec, format="json").json()
    assert (told["problem"], told["fields"]) == ("", {})
    (memory,) = told["memory"]
    assert memory["kind"] == "dpo"
    assert memory["parts"]["weights"] > 0
    assert memory["parts"]["reward_model"] == 0
    assert memory["total_bytes"] > sum(memory["parts"].values())
    more = as_rita.post(f"{RUNS}/check", {**spec, "batch_size": 16}, format="json").json()
    assert more["memory"][0]["total_bytes"] > memory["total_bytes"]
    too_long = as_rita.post(f"{RUNS}/check", {**spec, "max_length": 999}, format="json").json()
    assert "positions of the model" in too_long["problem"]
    assert too_long["memory"]
    assert as_rita.post(f"{RUNS}/check", {"kind": "dpo"}, format="json").json()["fields"]["model"]
    assert not Run.objects.exists()
    assert not ModelVersion.objects.exists()


@pytest.mark.once
def test_a_dry_run_says_nothing_of_what_it_cannot_see(preferences, as_rita):
    spec = {"kind": "dpo", "model": "some/hub-model", "snapshot": preferences.pk}
    assert as_rita.post(f"{RUNS}/check", spec, format="json").json() == {
        "problem": "",
        "fields": {},
        "memory": [],
    }


def test_a_dry_run_of_a_round_tells_its_trainings(labeled, as_rita, small):
    spec = {"policy": small, "method": "rloo", "rloo": SIZES, "reward": SIZES}
    told = as_rita.post(f"{ROUNDS}/check", spec, format="json").json()
    assert told["problem"] == ""
    assert [one["kind"] for one in told["memory"]] == ["reward", "rloo"]
    assert told["memory"][1]["parts"]["reward_model"] > 0
    assert not Round.objects.exists()


def test_presets_name_their_sources(as_bob, project):
    presets = as_bob.get("/api/run-presets").json()
    assert {one["size"] for one in presets} == {"small", "1b", "8b", "70b-lora"}
    assert all(one["source"] and one["settings"] for one in presets)


@pytest.mark.once
@pytest.mark.parametrize("path", [f"{RUNS}/check", f"{ROUNDS}/check"])
def test_only_who_may_launch_may_ask(labeled, as_charlie, as_bob, path):
    assert as_charlie.post(path, {}, format="json").status_code == 404
    assert as_bob.post(path, {}, format="json").status_code == 403


class TestCritic:
    def train(
        self, launch, preferences, reward, *, names=("config.json", "model.safetensors"), **fields
    ) -> Any:
        run = launch("ppo", snapshot=preferences.pk, reward_model=reward, **SIZES, **fields)
        worker = begin(run)
        for name in names:
            worker.put(f"critic/{name}", b"{}")
        worker.put("model/config.json", b"{}")
        worker.put("model/model.safetensors", b"weights")
        result = {"model_files": ["config.json", "model.safetensors"]}
        return worker.finish(result={**result, "critic_files": [f"critic/{name}" for name in names]})

    def test_a_critic_is_kept_beside_its_policy_and_given_to_the_next_run(
        self, launch, preferences, reward, as_rita
    ):
        assert self.train(launch, preferences, reward).json()["state"] == "succeeded"
        policy = ModelVersion.objects.get(name="policy")
        shown = as_rita.get(f"/api/models/{policy.pk}").json()
        assert [file["name"] for file in shown["critic_files"]] == ["config.json", "model.safetensors"]
        assert [file["name"] for file in shown["files"]] == ["config.json", "model.safetensors"]
        run = launch("ppo", snapshot=preferences.pk, reward_model=reward, critic_from="policy@1", **SIZES)
        worker = begin(run)
        told = worker.assignment()["models"]["critic_from"]
        assert (told["id"], told["files"]) == (policy.pk, shown["critic_files"])
        served = worker.client.get("/api/worker/critic/files/config.json")
        assert b"".join(served.streaming_content) == b"{}"
        worker.finish_training()
        grown = ModelVersion.objects.get(produced_by=run)
        ancestors = as_rita.get(f"/api/models/{grown.pk}/lineage").json()["ancestors"]
        assert "policy@1" in [one["ref"] for one in ancestors]

    def test_a_critic_that_never_came_or_is_a_pickle_fails_the_run(self, launch, preferences, reward):
        assert self.train(launch, preferences, reward, names=("weights.bin",)).json()["state"] == "failed"
        assert "pickle" in Run.objects.latest("pk").error

    @pytest.mark.once
    def test_a_run_starts_from_no_critic_that_is_not_there(self, launch, preferences, reward, as_rita, small):
        spec = {"kind": "ppo", "model": small, "snapshot": preferences.pk, "reward_model": reward, **SIZES}
        refused = as_rita.post(RUNS, {**spec, "critic_from": small}, format="json")
        assert refused.json()["fields"] == {"critic_from": "no_critic"}
        names = ("adapter_config.json", "adapter_model.safetensors")
        self.train(launch, preferences, reward, names=names, lora={}, critic="adapter")
        refused = as_rita.post(RUNS, {**spec, "critic_from": "policy@1"}, format="json")
        assert refused.json()["fields"] == {"critic_from": "wrong_kind"}
        worker = begin(launch(**{k: v for k, v in spec.items() if k != "model"}))
        assert worker.client.get("/api/worker/critic/files/config.json").status_code == 404
