from __future__ import annotations

import shutil

import pytest
import torch

from rlhf.specs import DpoTraining, KtoTraining, Lora
from rlhf.training import reference_cache
from rlhf.training.dpo import encode_pairs, reference_columns, train_dpo
from rlhf.training.kto import train_kto
from rlhf.training.modeling import load_policy, load_tokenizer
from rlhf.training.reference_cache import Reply, log_probs
from tests.training.tiny import Recorder, make_rows, reply, write_split

SPEC = DpoTraining(batch_size=4, max_steps=1)


@pytest.fixture
def computed(monkeypatch):
    """The replies of which each forward pass of the reference consisted."""
    passes: list[int] = []
    real = reference_cache.compute

    def counted(trainer, replies):
        passes.append(len(replies))
        return real(trainer, replies)

    monkeypatch.setattr(reference_cache, "compute", counted)
    return passes


def distinct(rows):
    return len({(str(row["prompt"]), str(row[side])) for row in rows for side in ("chosen", "rejected")})


def test_only_new_labels_need_the_reference(train, computed, tmp_path):
    """Ten percent more labels: ten percent of the forward passes."""
    rows = [row for row in make_rows(89) if not row["tie"]]
    first, later = rows[:72], rows[:80]
    folder = tmp_path / "snapshot"
    folder.mkdir()
    arguments = {"snapshot_dir": folder, "cache_dir": tmp_path / "cache"}
    write_split(folder, "train", first)
    train(train_dpo, SPEC, **arguments)
    assert sum(computed) == distinct(first)
    assert len(computed) == -(-distinct(first) // 8)

    computed.clear()
    write_split(folder, "train", later)
    _, reporter = train(train_dpo, SPEC, **arguments)
    assert sum(computed) == distinct(later) - distinct(first) == 16
    assert len(computed) == 2
    assert f"16 of {distinct(later)} replies are computed" in "".join(reporter.lines)

    computed.clear()
    train(train_dpo, SPEC, **arguments)
    assert computed == []


def test_another_reference_is_not_taken_for_this_one(train, computed, base_model, tmp_path):
    arguments = {"cache_dir": tmp_path / "cache"}
    train(train_dpo, SPEC, **arguments)
    num_first = sum(computed)
    changed = shutil.copytree(base_model, tmp_path / "changed")
    tokenizer = load_tokenizer(changed)
    model = load_policy(changed, tokenizer, dtype=torch.float32)
    with torch.no_grad():
        model.lm_head.weight += 0.01
    model.save_pretrained(changed)
    train(train_dpo, SPEC, model_path=changed, **arguments)
    assert sum(computed) == 2 * num_first


def test_replies_of_many_comparisons_are_computed_once(train, computed, tmp_path):
    rows = make_rows(1)
    three = [reply(text) for text in ("Yes.", "No.", "Perhaps.")]
    pairs = [{**rows[0], "chosen": a, "rejected": b} for a in three for b in three if a != b]
    write_split(tmp_path, "train", pairs)
    train(train_dpo, SPEC, snapshot_dir=tmp_path)
    assert sum(computed) == 3


@pytest.mark.parametrize("ld_alpha", [None, 0.3])
def test_kept_sums_are_those_trl_computes(ld_alpha, train, base_model, snapshot, tmp_path):
    """Of a policy that has not moved, which is its own reference, margins are zero in TRL's own terms."""
    spec = DpoTraining(batch_size=8, max_steps=1, ld_alpha=ld_alpha)
    _, reporter = train(train_dpo, spec, cache_dir=tmp_path / "cache")
    for key in ("rewards/chosen", "rewards/rejected", "rewards/margins"):
        assert reporter.values[1][key] == pytest.approx(0, abs=1e-4)


def test_sums_are_split_at_the_cut(base_model, snapshot, tmp_path):
    tokenizer = load_tokenizer(base_model)
    spec = DpoTraining(ld_alpha=0.5)
    rows = encode_pairs(snapshot, "validation", tokenizer, spec, tmp_path, Recorder())
    wanted = reference_columns(rows, spec)
    first, second = wanted["ref_chosen_logps"][0], wanted["ref_rejected_logps"][0]
    assert first.cut == second.cut == min(len(first.completion), len(second.completion))
    longer = max(first, second, key=lambda one: len(one.completion))
    assert Reply(longer.prompt, longer.completion, len(longer.completion)).key() != longer.key()


def test_kto_and_adapters_use_it_too(train, computed, tmp_path):
    arguments = {"cache_dir": tmp_path / "cache"}
    spec = KtoTraining(batch_size=4, max_steps=1, lora=Lora(r=2))
    train(train_kto, spec, **arguments)
    num_first = sum(computed)
    assert num_first > 0
    train(train_kto, spec, **arguments)
    assert sum(computed) == num_first
    train(train_dpo, DpoTraining(batch_size=4, max_steps=1, lora=Lora(r=2)), **arguments)
    assert sum(computed) == num_first  # the very replies that KTO asked about


def test_a_cache_is_not_needed():
    asked = [Reply([1], [2, 3], 2), Reply([1], [4], 1), Reply([1], [2, 3], 2)]
    sums = log_probs(
        asked,
        lambda replies: [(-float(len(one.completion)), 0.0) for one in replies],
        cache=None,
        batch_size=1,
        reporter=Recorder(),
    )
    assert sums == [(-2.0, 0.0), (-1.0, 0.0), (-2.0, 0.0)]
