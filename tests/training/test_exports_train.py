"""What is exported loads with `datasets` and trains a step in TRL, as it is, with all its columns."""

from __future__ import annotations

import pytest
from django.utils import timezone

from labeling.services.exports import export
from labeling.services.imports import import_rows
from tests.labeling.test_imports import lines
from tests.training.tiny import CURT, KIND, TOPICS

pytestmark = pytest.mark.training

ROWS = [
    {
        "prompt": f"Where is my {topic}?",
        "responses": [KIND[0].format(topic), CURT[0], CURT[1].format(topic)],
        "judgments": [{"worker": f"w{n}", "ranking": [[1], [2], [3]], "strengths": [2, 1]} for n in range(2)],
        "demonstrations": [KIND[1].format(topic)],
    }
    for topic in TOPICS
]


@pytest.fixture
def load(project, tmp_path):
    """An export of a project, through a file, as `datasets` reads it."""
    from datasets import load_dataset

    import_rows(project=project, stream=lines(*ROWS), now=timezone.now(), licence="CC BY 4.0", source="set")

    def load(kind: str, file_format: str, style: str):
        made = export(project=project, kind=kind, file_format=file_format, style=style, now=timezone.now())
        path = tmp_path / f"{kind}-{style}.{file_format}"
        path.write_bytes(b"".join(made.chunks))
        loader = {"jsonl": "json"}.get(file_format, file_format)
        loaded = load_dataset(loader, data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
        assert set(loaded["licence"]) == {"CC BY 4.0"}
        return loaded

    return load


def arguments(config, tmp_path, **more):
    return config(
        output_dir=str(tmp_path / "out"),
        max_steps=1,
        per_device_train_batch_size=2,
        report_to=[],
        save_strategy="no",
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        **more,
    )


def trained(trainer) -> float:
    result = trainer.train()
    assert trainer.state.global_step == 1
    return result.training_loss


FORMS = [("parquet", "messages"), ("jsonl", "messages"), ("parquet", "text")]


@pytest.mark.parametrize(("file_format", "style"), FORMS)
@pytest.mark.parametrize("kind", ["preferences", "unpaired", "demonstrations", "hh"])
def test_an_export_trains_a_step(load, base_model, tmp_path, kind, file_format, style):
    from transformers import AutoModelForSequenceClassification, AutoTokenizer
    from trl import DPOConfig, DPOTrainer, RewardConfig, RewardTrainer, SFTConfig, SFTTrainer

    if kind == "hh" and style == "messages":
        style = "text"
    rows = load(kind, file_format, style)
    tokenizer = AutoTokenizer.from_pretrained(base_model)
    if kind == "demonstrations":
        trainer = SFTTrainer(
            str(base_model), arguments(SFTConfig, tmp_path), train_dataset=rows, processing_class=tokenizer
        )
    elif kind == "preferences":
        trainer = DPOTrainer(
            str(base_model),
            args=arguments(DPOConfig, tmp_path),
            train_dataset=rows,
            processing_class=tokenizer,
        )
    elif kind == "unpaired":
        from trl import KTOConfig, KTOTrainer

        trainer = KTOTrainer(
            str(base_model),
            args=arguments(KTOConfig, tmp_path),
            train_dataset=rows,
            processing_class=tokenizer,
        )
    else:
        model = AutoModelForSequenceClassification.from_pretrained(base_model, num_labels=1)
        trainer = RewardTrainer(
            model, args=arguments(RewardConfig, tmp_path), train_dataset=rows, processing_class=tokenizer
        )
    assert trained(trainer) == pytest.approx(trained_loss := trainer.state.log_history[-1]["train_loss"])
    assert trained_loss == trained_loss  # not NaN


@pytest.mark.parametrize("style", ["messages", "text"])
def test_preferences_train_a_reward_model(load, base_model, tmp_path, style):
    from transformers import AutoModelForSequenceClassification, AutoTokenizer
    from trl import RewardConfig, RewardTrainer

    model = AutoModelForSequenceClassification.from_pretrained(base_model, num_labels=1)
    trainer = RewardTrainer(
        model,
        args=arguments(RewardConfig, tmp_path),
        train_dataset=load("preferences", "parquet", style),
        processing_class=AutoTokenizer.from_pretrained(base_model),
    )
    assert trained(trainer) > 0


def test_prompts_are_enough_for_online_training(load, base_model, tmp_path):
    from transformers import AutoTokenizer
    from trl import RLOOConfig, RLOOTrainer

    trainer = RLOOTrainer(
        str(base_model),
        reward_funcs=lambda completions, **columns: [float(len(str(one))) for one in completions],
        args=arguments(RLOOConfig, tmp_path, num_generations=2, max_completion_length=4),
        train_dataset=load("prompts", "parquet", "messages"),
        processing_class=AutoTokenizer.from_pretrained(base_model),
    )
    trained(trainer)


def test_rankings_become_pairs_by_their_ranks(load):
    rows = load("rankings", "parquet", "text")
    for row in rows:
        ranks = [answer["rank"] for answer in row["answers"]]
        assert ranks == sorted(ranks)
