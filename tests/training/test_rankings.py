from __future__ import annotations

import pytest

from rlhf.specs import RewardTraining
from rlhf.training.errors import TrainingError
from rlhf.training.modeling import load_tokenizer
from rlhf.training.rankings import JudgmentCollator, by_prompt, encode_judgments
from rlhf.training.reporting import ConsoleReporter
from tests.training.tiny import make_rankings, make_rows, reply, user, write_split


@pytest.fixture
def read(base_model, tmp_path):
    def run(rows, **settings):
        write_split(tmp_path, "train", rows)
        spec = RewardTraining(**settings)
        tokenizer = load_tokenizer(base_model)
        return encode_judgments(tmp_path, "train", tokenizer, spec, tmp_path / "out", ConsoleReporter())

    return run


def preference(**more):
    row = {"prompt": user("Hello"), "chosen": reply("Yes"), "rejected": reply("No"), "tie": False}
    return {**row, "prompt_id": 1, **more}


def test_preference_is_a_ranking_of_two(read, base_model):
    (row,) = read([preference(strength=2, annotator=7)])
    texts = load_tokenizer(base_model).batch_decode(row["input_ids"])
    assert texts == [f"<|bos|><|user|>Hello<|end|><|assistant|>{text}<|end|>" for text in ("Yes", "No")]
    assert (row["tiers"], row["depths"], row["annotator"]) == ([0, 1], [0, 2], 7)


def test_reply_that_was_cut_off_is_read_without_an_end(read, base_model):
    end = load_tokenizer(base_model).eos_token_id
    (row,) = read([preference(chosen_finish="length", rejected_finish="stop")])
    assert [ids[-1] == end for ids in row["input_ids"]] == [False, True]
    rows = make_rankings(1)
    rows[0]["finishes"] = ["length" if tier == 1 else "" for tier in rows[0]["tiers"]]
    (row,) = read(rows)
    assert [ids[-1] == end for ids in row["input_ids"]] == [True, False, True, True]


def test_columns_may_be_absent_or_null(read):
    plain, empty = (
        read([preference()])[0],
        read([preference(strength=None, reliability=None, weight=None)])[0],
    )
    assert plain == empty
    assert (plain["weight"], plain["flip"], plain["depths"], plain["annotator"]) == (1.0, 0.0, [0, 0], None)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [("ignore", (2.0, 0.0)), ("weight", (1.2, 0.0)), ("smoothing", (2.0, 0.2)), ("marginal", (2.0, 0.2))],
)
def test_reliability_becomes_a_weight_or_a_doubt(setting, expected, read):
    (row,) = read([preference(weight=2.0, reliability=0.8)], reliability=setting)
    assert (row["weight"], row["flip"]) == pytest.approx(expected)


def test_somebody_who_is_mostly_wrong_counts_as_one_who_guesses(read):
    (row,) = read([preference(reliability=0.1)])
    assert row["flip"] == 0.5


def test_ranking_is_read_best_first_with_its_strengths_summed(read, base_model):
    (row,) = read(make_rankings(1))
    assert row["tiers"] == [0, 1, 2, 2]
    assert row["depths"] == [0, 1, 4, 4]
    texts = load_tokenizer(base_model).batch_decode(row["input_ids"])
    assert "thank you" in texts[0]
    assert "on its way." in texts[1]


def test_long_response_leaves_its_ranking_and_not_the_others(read):
    rows = make_rankings(2)
    best = rows[0]["tiers"].index(0)
    rows[0]["responses"][best] = reply("word " * 300)
    first, second = read(rows, max_length=128)
    assert first["tiers"] == [1, 2, 2]
    assert second["tiers"] == [0, 1, 2, 2]


def test_ties_are_kept_where_the_loss_reads_them(read):
    rows = make_rows(10)
    assert len(read(rows)) == 9
    assert len(read(rows, ties="rao_kupper")) == 10
    assert len(read(rows, loss="plackett_luce")) == 10


def test_ranking_with_a_response_too_many_is_named(read):
    rows = make_rankings(1)
    rows[0]["tiers"] = rows[0]["tiers"][:3]
    with pytest.raises(TrainingError, match="ranking of prompt 500 has 4 responses and the tiers"):
        read(rows)


def test_batch_holds_each_response_once(read):
    rows = [*read(make_rankings(2)), *read([preference(strength=1), preference(annotator="bob")])]
    batch = JudgmentCollator(pad_token_id=0)(rows)
    assert batch["input_ids"].shape[0] == 4 + 4 + 2  # the two preferences are about the same two
    assert batch["texts"].tolist()[1:] == [[4, 5, 6, 7], [8, 9, 0, 0], [8, 9, 0, 0]]
    assert batch["tiers"].tolist()[1:] == [[0, 1, 2, 2], [0, 1, -1, -1], [0, 1, -1, -1]]
    assert batch["depths"].tolist()[2] == [0, 1, 0, 0]
    lengths = [len(ids) for row in rows[:3] for ids in row["input_ids"]]
    assert batch["attention_mask"].sum(1).tolist() == lengths


def test_batch_by_prompt_holds_all_its_judgments(read):
    rows = read([preference(prompt_id=prompt_id) for prompt_id in (4, 7, 4, 4)])
    prompts = by_prompt(rows)
    assert prompts["places"][:] == [[0, 2, 3], [1]]
    batch = JudgmentCollator(0, rows)([prompts[0]])
    assert batch["tiers"].tolist() == [[0, 1]] * 3
    assert len(batch["input_ids"]) == 2


def test_members_of_an_ensemble_see_the_judgments_of_a_prompt_equally_often(read):
    rows = read([preference(prompt_id=number // 2) for number in range(60)], members=3)
    counts = [tuple(row["counts"]) for row in rows]
    assert counts[::2] == counts[1::2]
    assert len({member for count in counts for member in count}) > 2
    again = read([preference(prompt_id=number // 2) for number in range(60)], members=3)
    assert [tuple(row["counts"]) for row in again] == counts
