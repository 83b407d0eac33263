"""What is exported loads with `datasets` and trains a step in TRL, as it is, with all its columns."""

from __future__ import annotations

import gzip
import json
import math
import re
import shlex
from itertools import islice
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from labeling.models import Project
from labeling.services.export_kinds import KINDS
from labeling.services.exports import export
from labeling.services.imports import import_rows
from tests.labeling.test_imports import lines
from tests.training.tiny import CURT, KIND, TOPICS

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


def train_a_step(kind: str, rows, base_model, tmp_path) -> float:
    """The loss of one step of the trainer that the kind is for."""
    import trl
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model: object = str(base_model)
    name = {"demonstrations": "SFT", "preferences": "DPO", "unpaired": "KTO"}.get(kind, "Reward")
    if name == "Reward":
        model = AutoModelForSequenceClassification.from_pretrained(base_model, num_labels=1)
    trainer = getattr(trl, f"{name}Trainer")(
        model,
        # The small tokenizer needs a token for nearly each letter.
        args=arguments(getattr(trl, f"{name}Config"), tmp_path, max_length=4096),
        train_dataset=rows,
        processing_class=AutoTokenizer.from_pretrained(base_model),
    )
    return trained(trainer)


FORMS = [("parquet", "messages"), ("jsonl", "messages"), ("parquet", "text")]


@pytest.mark.parametrize(("file_format", "style"), FORMS)
@pytest.mark.parametrize("kind", ["preferences", "unpaired", "demonstrations", "hh"])
def test_an_export_trains_a_step(load, base_model, tmp_path, kind, file_format, style):
    if kind == "hh" and style == "messages":
        style = "text"
    assert math.isfinite(train_a_step(kind, load(kind, file_format, style), base_model, tmp_path))


@pytest.mark.parametrize("style", ["messages", "text"])
def test_preferences_train_a_reward_model(load, base_model, tmp_path, style):
    assert train_a_step("reward", load("preferences", "parquet", style), base_model, tmp_path) > 0


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


# --- public data sets ------------------------------------------------------------------------

ROOT = Path(__file__).parents[2]
PREFS = ROOT.parent / "shared/data/prefs"
COMMANDS = re.findall(r"^plumbline import (.+ -p prefs .+)$", (ROOT / "docs/importing.md").read_text(), re.M)
# Of each file; enough to hold a row of every sort, few enough to train in a moment.
NUM_ROWS, NUM_TRAINED = 200, 8
TRAINED = {"preferences": ["preferences", "reward"], "hh": ["reward"]}


def documented(name: str, folder: Path) -> list[str]:
    """The arguments of the command that the documentation gives for this file, on its first rows."""
    [found] = [words for one in COMMANDS if (words := shlex.split(one))[0] == name]
    head = folder / name
    with gzip.open(PREFS / name) as whole, gzip.open(head, "wb") as part:
        part.writelines(islice(whole, NUM_ROWS))
    rest = [str(PREFS / word) if word.endswith(".jsonl.gz") else word for word in found[1:]]
    place = rest.index("-p")
    assert rest[place + 1] == "prefs"
    return [str(head), *rest[:place], *rest[place + 2 :]]


@pytest.mark.skipif(not PREFS.is_dir(), reason="the public data sets are not beside this checkout")
@pytest.mark.parametrize("name", [shlex.split(one)[0] for one in COMMANDS])
def test_a_public_data_set_comes_in_and_goes_out_to_train(db, base_model, tmp_path, name):
    project = Project.objects.create(slug="prefs", name="Prefs")
    command = documented(name, tmp_path)
    call_command("import_data", "prefs", *command)
    licence, source = (command[command.index(option) + 1] for option in ("--licence", "--source"))
    num_rows = {}
    for kind in KINDS:
        rows = as_datasets_reads(project, kind, tmp_path)
        num_rows[kind] = 0 if rows is None else len(rows)
        if rows is None:
            continue
        about = rows if KINDS[kind].columns or kind == "argilla" else [row["data"] for row in rows]
        assert {(row["licence"], row["source"]) for row in about} == {(licence, source)}, kind
        if KINDS[kind].trains and kind != "rankings":
            shortest = sorted(range(len(rows)), key=lambda at: len(str(rows[at])))[:NUM_TRAINED]
            some = rows.select(shortest)
            for trainer in TRAINED.get(kind, [kind]):
                assert math.isfinite(train_a_step(trainer, some, base_model, tmp_path)), (kind, trainer)
    assert num_rows["prompts"]
    told = {"demonstrations"} if name == "ukpconvarg_arguments.jsonl.gz" else set(KINDS) - {"demonstrations"}
    assert all(num_rows[kind] for kind in told), num_rows


def as_datasets_reads(project, kind: str, folder: Path):
    """An export as JSON Lines, its types told where it has them; None where it is empty."""
    from datasets import Features, load_dataset

    def take(file_format: str) -> bytes:
        return b"".join(
            export(project=project, kind=kind, file_format=file_format, now=timezone.now()).chunks
        )

    path = folder / f"{kind}.jsonl"
    path.write_bytes(take("jsonl"))
    if not path.stat().st_size:
        return None
    features = Features.from_dict(json.loads(take("features"))) if KINDS[kind].columns else None
    return load_dataset(
        "json", data_files=str(path), split="train", features=features, cache_dir=str(folder / "cache")
    )
