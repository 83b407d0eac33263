from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file
from torch.utils.flop_counter import FlopCounterMode
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForSequenceClassification,
    BertConfig,
    BertModel,
    BertTokenizerFast,
)

from rlhf.specs import Lora, RewardTraining
from rlhf.training.errors import TrainingError
from rlhf.training.modeling import load_reward_model, load_tokenizer
from rlhf.training.rankings import encode_judgments
from rlhf.training.reporting import ConsoleReporter
from rlhf.training.reward import train_reward, train_texts
from rlhf.training.reward_heads import centre
from rlhf.training.scoring import Scorer, check_parity
from tests.training.tiny import TOPICS, make_rankings, make_rows, write_split

EVERYTHING = {"ties": "rao_kupper", "strength": "scale", "members": 3, "combine": "min"}


class Kept(ConsoleReporter):
    def __init__(self):
        self.values: dict[int, dict[str, float]] = {}

    def metrics(self, step, values):
        self.values.setdefault(step, {}).update(values)


@pytest.fixture
def train(base_model, tmp_path):
    def run(snapshot, folder="out", *, model=base_model, resume_from=None, **settings):
        reporter = Kept()
        spec = RewardTraining(**{"learning_rate": 3e-3, "batch_size": 8, "num_epochs": 2, **settings})
        summary = train_reward(
            spec,
            model_path=model,
            snapshot_dir=snapshot,
            output_dir=tmp_path / folder,
            reporter=reporter,
            resume_from=resume_from,
        )
        return tmp_path / folder / "model", summary, reporter

    return run


@pytest.fixture(scope="module")
def rankings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rankings")
    for seed, (split, num_rows) in enumerate({"train": 40, "validation": 15}.items()):
        write_split(folder, split, make_rankings(num_rows, seed=seed))
    return folder


@pytest.mark.parametrize("loss", ["bradley_terry", "plackett_luce"])
def test_rankings_teach_their_order(loss, train, rankings):
    _, summary, reporter = train(rankings, loss=loss, num_epochs=3)
    assert summary["num_judgments"] == 40
    assert summary["num_comparisons"] == 40 * 5
    assert summary["eval_accuracy"]["n"] == 15 * 5
    assert summary["eval_accuracy"]["low"] > 0.75
    assert set(summary["eval_accuracy_by_strength"]) == {"1", "3"}
    assert reporter.values[1]["num_tokens"] < 8 * 4 * 60  # each response passes once


def test_ranking_moves_weights_as_its_pairs_would(train, rankings, base_model, tmp_path):
    """One step on whole rankings, and one of TRL's own trainer on all of their pairs."""
    from datasets import Dataset
    from trl import RewardConfig, RewardTrainer

    spec = {"max_steps": 1, "batch_size": 40, "center_on": "nothing", "reliability": "ignore"}
    spec |= {"lr_scheduler": "constant", "max_grad_norm": 1e9}
    folder, *_ = train(rankings, **spec)
    tokenizer = load_tokenizer(folder)
    reading = encode_judgments(rankings, "train", tokenizer, RewardTraining(), tmp_path, ConsoleReporter())
    pairs = [
        {"chosen_ids": row["input_ids"][i], "rejected_ids": row["input_ids"][j]}
        for row in reading
        for i in range(4)
        for j in range(4)
        if row["tiers"][i] < row["tiers"][j]
    ]
    model = load_reward_model(base_model, tokenizer, dtype=torch.float32, new_head_seed=0)
    RewardTrainer(
        model=model,
        args=RewardConfig(
            output_dir=str(tmp_path / "trl"),
            max_steps=1,
            per_device_train_batch_size=len(pairs),
            learning_rate=3e-3,
            lr_scheduler_type="constant",
            max_grad_norm=1e9,
            report_to="none",
            save_strategy="no",
            disable_tqdm=True,
            bf16=False,
        ),
        train_dataset=Dataset.from_list(pairs),
        processing_class=tokenizer,
    ).train()
    ours, theirs = load_file(folder / "model.safetensors"), model.state_dict()
    for name, weight in ours.items():
        torch.testing.assert_close(weight, theirs[name], rtol=0, atol=1e-4)


@pytest.mark.parametrize("more", [{"batch_by": "prompt"}, {"lora": Lora(r=4)}])
def test_resumed_training_with_everything_ends_bit_equal(more, train, snapshot):
    settings = {**EVERYTHING, **more, "checkpoint_every": 5, "max_steps": 9}
    whole, summary, reporter = train(snapshot, "whole", **settings)
    checkpoint = whole.parent / "checkpoints" / "checkpoint-5"
    resumed, again, _ = train(snapshot, "resumed", resume_from=checkpoint, **settings)
    one, other = load_file(whole / "model.safetensors"), load_file(resumed / "model.safetensors")
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert "score.tie_threshold" not in one
    assert (whole / "config.json").read_text() == (resumed / "config.json").read_text()
    assert again == summary
    thresholds = [values["tie_threshold"] for values in reporter.values.values() if "tie_threshold" in values]
    assert thresholds[0] != thresholds[-1]


def test_plain_loading_serves_centred_members(train, snapshot, tmp_path):
    folder, summary, _ = train(snapshot, **EVERYTHING, num_epochs=1)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = load_tokenizer(folder)
    reading = encode_judgments(
        snapshot, "train", tokenizer, RewardTraining(ties="rao_kupper"), tmp_path, ConsoleReporter()
    )
    references, _ = train_texts(reading)
    scorer = Scorer(model, tokenizer, batch_size=16)
    members = scorer.member_scores(references)
    torch.testing.assert_close(members.mean(0), torch.zeros(3), rtol=0, atol=1e-4)
    assert members.std(1).mean() > 0.01  # members differ
    assert scorer.score_ids(references) == members.min(1).values.tolist()
    assert scorer.facts.tie_threshold == summary["tie_threshold"] > 1
    assert scorer.facts.temperature == summary["temperature"]
    assert summary["centering_deviation"] < 0.2


def test_centring_hardly_changes_differences(train, snapshot):
    _, plain, _ = train(snapshot, "plain", center_on="nothing", num_epochs=1)
    _, centred, _ = train(snapshot, "centred", center_on="chosen", num_epochs=1)
    assert centred["eval_accuracy"]["value"] == plain["eval_accuracy"]["value"]
    assert centred["temperature"] == pytest.approx(plain["temperature"], rel=0.1)


def test_ensemble_goes_on_with_as_many_members(train, snapshot):
    folder, *_ = train(snapshot, members=2, max_steps=2)
    again, *_ = train(snapshot, "again", model=folder, members=2, max_steps=2)
    assert Scorer.load(again, batch_size=8).model.config.num_labels == 2
    with pytest.raises(TrainingError, match="has 2 members: set members to 2"):
        train(snapshot, "other", model=folder, max_steps=2)


def test_judgments_of_people_who_guess_change_less(train, tmp_path):
    """The same rows, half of them turned round by somebody known to guess."""
    rows = make_rows(60)
    for row in rows[::2]:
        row["chosen"], row["rejected"] = row["rejected"], row["chosen"]
    for number, row in enumerate(rows):
        row["reliability"] = 1.0 if number % 2 else 0.5
    write_split(tmp_path, "train", rows)
    write_split(tmp_path, "validation", make_rows(30, seed=9))
    _, heeded, _ = train(tmp_path, "heeded", num_epochs=2)
    _, ignored, _ = train(tmp_path, "ignored", num_epochs=2, reliability="ignore")
    assert heeded["eval_accuracy"]["value"] > 0.95
    assert ignored["eval_accuracy"]["value"] < heeded["eval_accuracy"]["value"]


def test_accuracy_is_told_apart_by_who_judged(train, tmp_path):
    for seed, (split, names) in enumerate({"train": ["bob"], "validation": ["bob", "carol"]}.items()):
        rows = [{**row, "annotator": names[k % len(names)]} for k, row in enumerate(make_rows(20, seed=seed))]
        write_split(tmp_path, split, rows)
    _, summary, _ = train(tmp_path)
    counts = [summary[f"eval_accuracy_{who}_annotators"]["n"] for who in ("known", "new")]
    assert sum(counts) == summary["eval_accuracy"]["n"] == 18
    assert min(counts) > 0


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    """A body without a head and a tokenizer without EOS, as sentence encoders come."""
    folder = tmp_path_factory.mktemp("encoder")
    text = "where is my ? it number . sorry about that i have sent you a new thank your on its way today no"
    text += " read the page we cannot help here and never will all there to , < | > user assistant"
    words = sorted({*text.split(), *TOPICS})
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
    tokenizer = BertTokenizerFast(vocab={token: place for place, token in enumerate(tokens)})
    assert len(tokenizer) == len(tokens)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, max_position_embeddings=64, initializer_range=0.1,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    return folder


def test_encoder_becomes_a_reward_model(encoder, train, snapshot):
    folder, summary, _ = train(snapshot, model=encoder, members=2, num_epochs=3)
    assert summary["eval_accuracy"]["value"] > 0.9
    scorer = Scorer.load(folder, batch_size=5)
    ids = scorer.tokenizer("[CLS]<|user|>\nwhere[SEP]", add_special_tokens=False)["input_ids"]
    assert scorer.tokenizer.eos_token == "[SEP]"
    assert ids[0] == scorer.tokenizer.cls_token_id
    rows = make_rows(8, seed=2)
    check_parity(scorer, [row["prompt"] for row in rows], [row["chosen"] for row in rows])
    long = [[ids[0], *[ids[-2]] * 100, ids[-1]]]
    assert scorer.batch(long)[0][0, [0, -1]].tolist() == [ids[0], ids[-1]]
    assert summary["centering_deviation"] == 0  # its head has a bias


def test_encoder_starts_the_same_under_the_same_seed(encoder):
    tokenizer = load_tokenizer(encoder)
    first, again = (
        load_reward_model(encoder, tokenizer, dtype=torch.float32, new_head_seed=3).state_dict() for _ in "ab"
    )
    assert all(torch.equal(first[name], again[name]) for name in first)


@pytest.mark.parametrize("members", [1, 3])
def test_a_score_is_read_where_the_last_layer_is_computed(members, base_model):
    """Of less arithmetic than the whole model, and the same."""
    model = load_reward_model(
        base_model, load_tokenizer(base_model), dtype=torch.float32, new_head_seed=0, members=members
    ).eval()
    scorer = Scorer(model, load_tokenizer(base_model), batch_size=4)
    ids = [[2, *range(5, 5 + length), 3] for length in (30, 9, 50, 7)]
    ids[1][-1] = scorer.tokenizer.pad_token_id  # somebody wrote it out: transformers reads the token before
    input_ids, mask = scorer.batch(ids)
    with torch.no_grad(), FlopCounterMode(display=False) as whole:
        expected = model(input_ids=input_ids, attention_mask=mask, use_cache=False).logits
    with FlopCounterMode(display=False) as narrow:
        found = scorer._score_batch(ids)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
    assert narrow.get_total_flops() < 0.9 * whole.get_total_flops()


def test_members_with_adapters_are_read_whole(train, snapshot):
    """Each makes rows of its own, which a reader of the last layer does not know."""
    folder, *_ = train(snapshot, members=2, members_own="adapters", lora=Lora(r=2), max_steps=2)
    scorer = Scorer.load(folder, batch_size=4)
    assert scorer._reader is None
    assert scorer.member_scores([[2, 5, 6, 3], [2, 7, 3]]).shape == (2, 2)


@pytest.mark.parametrize(
    "family", ["roberta", "distilbert", "modernbert", "deberta-v2", "gpt2", "gpt_neox", "qwen3"]
)
def test_families_get_members_that_are_read_and_centred(family, encoder, tmp_path):
    """Heads lie elsewhere, have a bias or none, and are read at the first token or at the last."""
    tokenizer = load_tokenizer(encoder)
    config = AutoConfig.for_model(
        family, vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, max_position_embeddings=64, pad_token_id=0, bos_token_id=2, eos_token_id=3,
    )  # fmt: skip
    for name, value in {
        "num_key_value_heads": 4,
        "head_dim": 8,
        "dim": 32,
        "n_heads": 4,
        "n_layers": 2,
    }.items():
        if hasattr(config, name):
            setattr(config, name, value)
    AutoModel.from_config(config).save_pretrained(tmp_path)
    model = load_reward_model(tmp_path, tokenizer, dtype=torch.float32, new_head_seed=0, members=2).eval()
    scorer = Scorer(model, tokenizer, batch_size=3)
    ids = [[2, *range(5, 5 + length), 3] for length in (3, 9, 5, 7)]
    alone = torch.cat([scorer.member_scores([one]) for one in ids])
    torch.testing.assert_close(scorer.member_scores(ids), alone, rtol=0, atol=1e-4)
    assert alone.std(0).min() > 0
    centre(model, [scorer.batch(ids)], torch.ones(4, dtype=torch.bool))
    torch.testing.assert_close(scorer.member_scores(ids).mean(0), torch.zeros(2), rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"loss": "plackett_luce", "ties": "rao_kupper"}, "plackett_luce reads ties itself"),
        ({"loss": "plackett_luce", "strength": "scale"}, "plackett_luce reads no strength"),
        ({"loss": "plackett_luce", "reliability": "smoothing"}, "plackett_luce has no smoothing"),
        ({"strength": "margin", "ties": "rao_kupper"}, "chances of a tie do not add up"),
        ({"combine": "min"}, "combine min needs an ensemble: set members to 2 or more"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused_in_a_sentence(fields, message):
    with pytest.raises(ValidationError, match=message) as refusal:
        RewardTraining(**fields)
    assert refusal.value.error_count() == 1
