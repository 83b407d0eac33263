"""The parts of benchmarks/training.py that need no other release of TRL."""

from __future__ import annotations

import json

import pytest

from benchmarks.figures import chosen
from benchmarks.peers import offline, products, reference, shares
from benchmarks.peers.turns import Worker
from benchmarks.peers.workloads import Workload
from rlhf.training.modeling import load_policy, load_tokenizer


def test_ppo_does_a_rollout_a_turn_and_saves_at_the_end(tmp_path):
    workload = Workload("tiny", hidden=64, stops=False, batch=4, epochs=1, max_new_tokens=6, episodes=8)
    workload.write(tmp_path / "work")
    assert Workload.read(tmp_path / "work") == workload
    worker = Worker("benchmarks.peers.ppo_ours", [str(tmp_path / "work")], threads=1)
    try:
        assert worker.read() == {"ready": 1}
        for _ in range(2):
            turn = worker.turn()
            assert turn["mean_length"] == 6  # nothing stops early
            assert turn["seconds"] > 0
            assert turn["peak_mib"] > 100
        assert worker.turn() == {"saved": 1}
    finally:
        worker.close()
    folder = tmp_path / "work" / "ours" / "model"
    load_policy(folder, load_tokenizer(folder), dtype="float32")


def test_shares_of_an_update_are_of_all_its_time():
    workload = Workload("tiny", hidden=64, stops=False, batch=4, epochs=1, max_new_tokens=6)
    found = shares.measure(workload, threads=1)
    assert sum(found.values()) == pytest.approx(1)
    assert found.keys() == {*shares.GROUPS, shares.OTHER}
    assert min(found.values()) > 0


def test_products_are_timed_by_both_libraries(capsys, monkeypatch):
    monkeypatch.setattr(products, "SIZES", ((64, 64),))
    products.show(threads=1)
    line = json.loads(capsys.readouterr().out)
    assert line["peer"] == "MKL"
    assert line["ratio"] == pytest.approx(line["value"] / line["peer_value"], rel=0.5)
    assert products.most(64) > 0


def test_worker_that_fails_says_why(tmp_path):
    worker = Worker("benchmarks.peers.ppo_ours", [str(tmp_path / "nothing")], threads=1)
    with pytest.raises(RuntimeError, match=r"ended with 1:[\s\S]*workload\.json"):
        worker.read()
    worker.close()


def test_reference_reads_new_replies_alone(capsys, monkeypatch):
    monkeypatch.setattr(reference, "NUM_PAIRS", 20)
    monkeypatch.setattr(offline, "STEPS", {"dpo": 1})
    assert reference.count()
    line = json.loads(capsys.readouterr().out)
    assert line["value"] == 4
    assert line["peer_value"] == 44  # all of them, and those that stand in several pairs again


def test_a_word_that_names_no_figure_is_said_to():
    parts = {"speed pairs": 1, "speed four": 2, "members": 3}
    assert chosen(parts, "") == parts
    assert chosen(parts, "speed") == {"speed pairs": 1, "speed four": 2}
    with pytest.raises(
        SystemExit, match=r"'debates' in its name .* speed pairs, speed four, members; --long"
    ):
        chosen(parts, "debates")
