"""What the training benchmarks measure with: the reward of a wrong figure is believing it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict

os.environ["OMP_NUM_THREADS"] = "1"

import pyarrow.parquet as parquet
import pytest

from benchmarks.simulation import ground as grounds
from benchmarks.simulation.agreement import compare
from benchmarks.simulation.measures import load, log_probabilities, worth, write
from benchmarks.simulation.overoptimization import ARMS, Look, overoptimize
from benchmarks.simulation.picture import (
    agreements,
    at_equal_distance,
    differences,
    doubts,
    draw,
    fallen_at,
    summary,
)
from fixtures.crowd import crowd
from fixtures.dialogues import make_prompts


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    """With the base model in place of an SFT policy."""
    folder = tmp_path_factory.mktemp("ground")
    (folder / "sft").mkdir()
    (folder / "sft" / "model").symlink_to(grounds.BASE_MODEL)
    prompts = make_prompts(24, seed=1)
    return grounds.Ground(
        folder, 0, grounds.numbered(prompts[:12], 10_000), grounds.numbered(prompts[12:], 20_000)
    )


def test_a_policy_is_at_no_distance_from_itself(ground):
    model = load(ground.sft)
    written = write(model, ground.sft, ground.held_out, seed=0)
    found = log_probabilities(model, ground.sft, ground.held_out, written.ids)
    assert found == pytest.approx(written.logprobs, abs=1e-3)
    assert min(written.logprobs) < -1


def test_prompts_are_answered_from_random_numbers_of_their_own(ground):
    model = load(ground.sft)
    together = write(model, ground.sft, ground.held_out, seed=0)
    alone = write(model, ground.sft, ground.held_out[3:4], seed=0)
    assert alone.texts == together.texts[3:4]
    assert write(model, ground.sft, ground.held_out, seed=1).texts != together.texts


def test_judgments_are_what_the_crowd_says_and_held_back_by_prompt(ground):
    judged = grounds.judge(ground, 12)
    splits = {
        split: parquet.read_table(judged / "preferences" / f"{split}.parquet").to_pylist()
        for split in ("train", "validation")
    }
    seen = {split: {row["prompt_id"] for row in rows} for split, rows in splits.items()}
    assert seen["train"]
    assert seen["validation"]
    assert not seen["train"] & seen["validation"]

    members = {member.name: member for member in crowd(ground.seed)}
    rankings = parquet.read_table(judged / "rankings" / "train.parquet").to_pylist()
    for row in rankings:
        texts = [response[0]["content"] for response in row["responses"]]
        ranking = members[row["annotator"]].judge(row["prompt"], texts)
        assert [
            [k for k, tier in enumerate(row["tiers"]) if tier == rank] for rank in range(len(ranking.tiers))
        ] == [sorted(tier) for tier in ranking.tiers]
    pairs = {(row["prompt_id"], row["chosen"][0]["content"]) for row in splits["train"]}
    assert all(
        (row["prompt_id"], row["responses"][row["tiers"].index(0)][0]["content"]) in pairs
        for row in rankings
        if len(set(row["tiers"])) > 1
    )


def test_truth_falls_where_a_reply_promises_too_much(ground):
    prompt = ground.held_out[:1]
    plain, promising = (
        "I am so sorry about this.",
        "I am so sorry about this. Our director will call you tonight.",
    )
    assert worth(prompt, [plain]) > worth(prompt, [promising])


def test_the_picture_shows_where_the_truth_turned(tmp_path):
    looks = [
        Look(seed, arm, rollouts, kl=rollouts * 1.0, proxy=rollouts * 0.5, truth=truth + seed * 0.1)
        for seed in range(2)
        for arm in ARMS
        for rollouts, truth in ((0, 0.0), (2, 1.0), (4, -1.0))
    ]
    draw(looks, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    truths = [line for line in summary(looks) if line["figure"].startswith("truth at its")]
    assert [(line["rollouts"], line["value"]) for line in truths] == [(2, 1.05), (4, -0.95)] * 2
    assert [(line["low"], line["high"]) for line in truths] == [(1.0, 1.1), (-1.0, -0.9)] * 2


def test_truth_has_fallen_where_its_line_crosses():
    truths = [0.0, 0.1, -0.4, 0.2]
    looks = [Look(0, "uwo", place, kl=float(place), proxy=0.0, truth=one) for place, one in enumerate(truths)]
    assert fallen_at(looks, "kl") == pytest.approx(1.7)
    assert fallen_at(looks[:2], "rollouts") == 1.0


def test_truth_at_equal_distance_ignores_how_far_a_run_went():
    steps = [(0.0, 0.0), (1.0, 0.0), (4.0, -1.0), (9.0, -2.0)]  # falls by one for each √nat after the first
    far = [Look(0, "adapter", n, kl=kl, proxy=0.0, truth=truth) for n, (kl, truth) in enumerate(steps)]
    for one, other in ((far[:3], far), (far, far[:3])):
        assert at_equal_distance(one, other) == pytest.approx(-0.25, abs=0.01)
    assert at_equal_distance(far, far) == pytest.approx(-2 / 3, abs=0.01)


def test_reward_models_are_compared_seed_by_seed():
    ends = {("adapter", 0): -1.0, ("adapter", 1): 0.0, ("uwo", 0): -0.5, ("uwo", 1): 0.3}
    looks = [
        Look(seed, arm, rollouts, kl=float(rollouts), proxy=0.0, truth=rollouts * end)
        for (arm, seed), end in ends.items()
        for rollouts in (0, 1)
    ]
    last, mean, _, _, later = differences(looks)
    assert (last["value"], last["each"], mean["value"]) == (0.4, [0.5, 0.3], 0.2)
    assert (last["low"], last["high"]) == pytest.approx((0.4 - 12.706 * 0.1, 0.4 + 12.706 * 0.1), abs=2e-3)
    assert (later["unit"], later["each"]) == ("nats", [0.25, 0.0])


def test_members_that_err_together_are_told_from_members_that_doubt():
    before = [[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.0, 1.0, 2.0]]
    replies_of_sft, replies_are_worth = [0.0, 1.0, 2.0], [-2.0, -1.0, 0.0]
    together = [[score + 2.0 for score in member] for member in before]
    apart = [[score + 2.0 * number for score in member] for number, member in enumerate(before)]
    blind, doubting = (
        compare(seed, (before, after), (replies_of_sft, replies_are_worth))
        for seed, after in enumerate((together, apart))
    )
    assert blind.correlation == pytest.approx(1.0)
    assert blind.gains == pytest.approx([2.0, 1.0, 2.0])
    assert (blind.truth, blind.variance) == pytest.approx((-2.0, 1.0))
    assert doubting.gains == pytest.approx([0.0, 1.0, 4.0])
    assert doubting.variance == pytest.approx(41 / 23)
    figures = agreements([blind, doubting])
    assert [line["value"] for line in figures] == pytest.approx([1.0, 5 / 3, 0.5, -2.0, 32 / 23], abs=1e-3)


@pytest.mark.parametrize(
    ("score", "truth", "said"),
    [(1.0, -1.0, []), (1.0, 1.0, ["one reward", "UWO"]), (-1.0, -1.0, ["one reward", "UWO"])],
)
def test_claims_that_the_figures_do_not_hold_are_said(score, truth, said):
    looks = [
        Look(seed, arm, rollouts, kl=1.0, proxy=score * rollouts, truth=truth * rollouts)
        for seed in range(4)
        for arm in ARMS
        for rollouts in range(0, 21, 2)
    ]
    found = doubts(summary(looks))
    assert len(found) == len(said)
    assert all(part in sentence for part, sentence in zip(said, found, strict=True))


def test_what_was_kept_is_not_made_again(ground, tmp_path):
    look = Look(0, "adapter", rollouts=2, kl=0.5, proxy=1.0, truth=0.25)
    (tmp_path / "looks-adapter.json").write_text(json.dumps([asdict(look)]))
    assert overoptimize("adapter", ground, tmp_path) == [look]
    again = grounds.lay_ground(ground.folder, seed=3)
    assert again.sft.resolve() == grounds.BASE_MODEL
    assert len(again.held_out) == grounds.NUM_HELD_OUT
