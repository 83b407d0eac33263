"""What every policy of one seed starts from and is measured on: prompts, an SFT policy, judgments of its
replies, prompts that nothing was trained on."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from fixtures.crowd import Ranking, crowd, decided_pairs
from fixtures.dialogues import CAREFUL, Prompt, Quality, make_reply, prompt_stream
from rlhf.specs import Sampling, SftTraining
from rlhf.training.data import PromptRow
from rlhf.training.reporting import ConsoleReporter
from rlhf.training.sampling import sample
from rlhf.training.sft import train_sft

BASE_MODEL = Path(__file__).parents[2] / "fixtures" / "base-model"
SFT = SftTraining(learning_rate=2e-4, max_steps=25, batch_size=32, max_length=192, checkpoint_every=1000)
MAX_COMPLETION, MAX_LENGTH = 64, 192
NUM_DEMONSTRATIONS, NUM_PROMPTS, NUM_HELD_OUT = 300, 1_200, 400
NUM_RESPONSES = 4
VALIDATION_SHARE = 0.15

Row = dict[str, Any]


class Quiet(ConsoleReporter):
    """Says nothing; nothing here is resumed either."""

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        pass

    def log(self, line: str) -> None:
        pass

    def checkpoint(self, step: int, folder: Path) -> None:
        pass


@dataclass(slots=True)
class Ground:
    """`prompts` may be judged and trained on, `held_out` may not."""

    folder: Path
    seed: int
    prompts: list[PromptRow]
    held_out: list[PromptRow]

    @property
    def sft(self) -> Path:
        return self.folder / "sft" / "model"


def lay_ground(folder: Path, seed: int) -> Ground:
    """Prompts of the seed's stream, and an SFT policy trained from the base model on demonstrations: replies
    of a careful agent, who still errs now and then. What `folder` has already is not made again."""
    stream = prompt_stream(10_000 + seed)
    demonstrated, judged, held_out = (
        list(itertools.islice(stream, count)) for count in (NUM_DEMONSTRATIONS, NUM_PROMPTS, NUM_HELD_OUT)
    )
    ground = Ground(folder, seed, numbered(judged, 10_000), numbered(held_out, 20_000))
    if ground.sft.is_dir():
        return ground
    rng = random.Random(f"demonstrations-{seed}")
    rows = [
        {
            "prompt": messages_of(prompt),
            "completion": reply(make_reply(prompt, rng, careful(rng))),
            "prompt_id": number,
        }
        for number, prompt in enumerate(demonstrated)
    ]
    write_split(folder / "demonstrations", "train", rows)
    train_sft(
        SFT.model_copy(update={"seed": seed}),
        model_path=BASE_MODEL,
        snapshot_dir=folder / "demonstrations",
        output_dir=folder / "sft",
        reporter=Quiet(),
    )
    return ground


def careful(rng: random.Random) -> Quality:
    """One reply of fixtures.dialogues.CAREFUL."""
    return Quality(
        right=rng.random() < CAREFUL.right,
        tone=rng.choices(list(CAREFUL.tones), weights=list(CAREFUL.tones.values()))[0],
        promise=rng.random() < CAREFUL.promise,
        padding=rng.choice((1, 2)) if rng.random() < CAREFUL.padded else 0,
    )


def judge(ground: Ground, num_judgments: int) -> Path:
    """A folder with snapshots `rankings`, `preferences` and `prompts`: judgments of four replies of the SFT
    policy each, by members of the crowd in turn, and all prompts that may be trained on."""
    folder = ground.folder / "judged"
    if (folder / "prompts").is_dir():
        return folder
    prompts = ground.prompts[:num_judgments]
    written = sample(
        Sampling(temperature=1.0, max_new_tokens=MAX_COMPLETION, batch_size=64),
        model=ground.sft,
        prompts=prompts,
        num_responses=NUM_RESPONSES,
        seed=ground.seed,
        reporter=Quiet(),
    )
    members = crowd(ground.seed)
    rankings: list[Row] = []
    preferences: list[Row] = []
    for prompt, replies, member in zip(prompts, written, itertools.cycle(members)):
        texts = [one.text.strip() for one in replies]
        ranking = member.judge(prompt.messages, texts)
        rankings.append(ranking_row(prompt, texts, ranking, member.name))
        preferences += preference_rows(prompt, texts, ranking, member.name)
    held_back = {prompt.id for prompt in prompts[: int(VALIDATION_SHARE * len(prompts))]}
    for kind, rows in (("rankings", rankings), ("preferences", preferences)):
        for split in ("train", "validation"):
            kept = [row for row in rows if (row["prompt_id"] in held_back) == (split == "validation")]
            write_split(folder / kind, split, kept)
    everything = [{"prompt": prompt.messages, "prompt_id": prompt.id} for prompt in ground.prompts]
    write_split(folder / "prompts", "train", everything)
    return folder


def ranking_row(prompt: PromptRow, texts: Sequence[str], ranking: Ranking, annotator: str) -> Row:
    tiers = {place: tier for tier, places in enumerate(ranking.tiers) for place in places}
    return {
        "prompt": prompt.messages,
        "responses": [reply(text) for text in texts],
        "tiers": [tiers[place] for place in range(len(texts))],
        "prompt_id": prompt.id,
        "annotator": annotator,
    }


def preference_rows(
    prompt: PromptRow, texts: Sequence[str], ranking: Ranking, annotator: str
) -> Iterator[Row]:
    for winner, loser in decided_pairs(ranking):
        yield {
            "prompt": prompt.messages,
            "chosen": reply(texts[winner]),
            "rejected": reply(texts[loser]),
            "tie": False,
            "prompt_id": prompt.id,
            "annotator": annotator,
        }


def numbered(prompts: Sequence[Prompt], first: int) -> list[PromptRow]:
    return [PromptRow(first + place, messages_of(prompt)) for place, prompt in enumerate(prompts)]


def messages_of(prompt: Prompt) -> list[dict[str, Any]]:
    return [dict(message) for message in prompt.messages]


def reply(text: str) -> list[dict[str, Any]]:
    return [{"role": "assistant", "content": text}]


def write_split(folder: Path, split: str, rows: Sequence[Row]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows)), folder / f"{split}.parquet")
