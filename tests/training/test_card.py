from __future__ import annotations

import json

import yaml

from rlhf.training.card import write_card

SPEC = {
    "kind": "reward",
    "model": "base@1",
    "snapshot": 5,
    "name": "reward",
    "learning_rate": 1e-5,
    "lora": None,
    "save": "merged",
}
INPUTS = {
    "models": {"model": {"id": 3, "ref": "base@1", "kind": "base", "source": "", "files": [{"name": "x"}]}},
    "snapshot": {"id": 5, "kind": "preferences", "digest": "ab12", "files": [{"name": "train.parquet"}]},
}
METRICS = {
    "eval_accuracy": {"value": 0.75, "low": 0.6, "high": 0.86, "n": 40, "method": "wilson, clustered"},
    "eval_loss": 0.51234567,
    "num_comparisons": 400,
}


def write(tmp_path, **changes):
    arguments = {
        "kind": "reward",
        "spec": SPEC,
        "metrics": METRICS,
        "inputs": INPUTS,
        "run": {"id": 12, "attempt": 2},
        "environment": {"packages": {"torch": "2.13.0"}, "seed": 0},
    }
    write_card(tmp_path, **arguments | changes)
    text = (tmp_path / "README.md").read_text()
    _, header, body = text.split("---\n", 2)
    return yaml.safe_load(header), body, json.loads((tmp_path / "lineage.json").read_text())


def test_card_says_what_a_hub_and_a_person_ask(tmp_path):
    header, body, _ = write(tmp_path)
    assert header["base_model"] == "base@1"
    assert header["pipeline_tag"] == "text-classification"
    assert header["library_name"] == "transformers"
    assert "snapshot 5 (preferences, `ab12`)" in body
    assert "| eval_accuracy | 0.75 | 0.6 to 0.86 (95 %, wilson, clustered) | 40 |" in body
    assert "| eval_loss | 0.512346 | | |" in body
    assert "torch 2.13.0" in body


def test_card_tells_how_members_are_read(tmp_path):
    spec = SPEC | {"members": 3, "members_own": "adapters", "combine": "min"}
    _, body, _ = write(tmp_path, spec=spec)
    assert "3 members, a logit each; the score is their min" in body
    assert "the adapter in members/n" in body


def test_lineage_leads_from_the_model_to_its_labels(tmp_path):
    _, _, lineage = write(tmp_path)
    assert lineage["inputs"]["snapshot"] == {"id": 5, "kind": "preferences", "digest": "ab12"}
    assert lineage["inputs"]["models"]["model"] == {"id": 3, "ref": "base@1", "kind": "base", "source": ""}
    assert lineage["run"] == {"id": 12, "attempt": 2}
    assert lineage["spec"] == SPEC
    assert lineage["metrics"]["eval_accuracy"]["n"] == 40
    assert lineage["environment"]["packages"] == {"torch": "2.13.0"}


def test_adapter_is_called_one(tmp_path):
    header, _, _ = write(tmp_path, kind="dpo", spec={**SPEC, "lora": {"r": 4}, "save": "adapter"})
    assert (header["library_name"], header["base_model_relation"]) == ("peft", "adapter")
    assert header["tags"] == ["plumbline", "dpo", "lora"]


def test_names_break_no_header(tmp_path):
    model = 'some: "odd"\n---\n# name'
    header, body, lineage = write(tmp_path, spec={**SPEC, "model": model}, inputs={}, run=None)
    assert header["base_model"] == lineage["base"] == model
    assert "## Measured" in body
