"""Reward training beside TRL's own trainer, and what judgments are worth to it when people err.

    python -m benchmarks.rewards [--long] [--only WORD]

Prints one line of JSON for each figure. Speed: the training loop of `train_reward`'s trainer and of a bare
script with TRL's RewardTrainer, on the same tokens and the fixture model, take turns; a ratio is of two
neighbouring turns, and a figure is the median with its range. `--long` adds what careless people cost and
what heeding it wins back, and real preferences (benchmarks/reward/): hours on one core.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.figures import chosen, say
from benchmarks.reward.shared import MODEL, Quiet
from fixtures.dialogues import make_prompts, make_reply
from rlhf.specs import RewardTraining
from rlhf.training.modeling import load_reward_model, load_tokenizer

PEER = "TRL RewardTrainer"
SEQUENCES = 32  # in a forward pass, on either side


def judged(num_prompts: int, num_responses: int) -> list[dict[str, Any]]:
    """Rows as rankings.encode_judgments gives them: so many replies in some strict order."""
    from rlhf.training.text import encode_conversations

    tokenizer, rng, rows = load_tokenizer(MODEL), random.Random(0), []
    for prompt in make_prompts(num_prompts, seed=1):
        messages = [dict(message) for message in prompt.messages]
        replies = [[{"role": "assistant", "content": make_reply(prompt, rng)}] for _ in range(num_responses)]
        rows.append(
            {
                "input_ids": encode_conversations(tokenizer, [messages] * num_responses, replies),
                "tiers": list(range(num_responses)),
                "depths": [0] * num_responses,
                "weight": 1.0,
                "flip": 0.0,
                "counts": [1.0],
                "prompt_id": len(rows),
            }
        )
    return rows


def ours(rows: Sequence[dict[str, Any]], spec: RewardTraining, folder: Path) -> float:
    """Seconds in the training loop, reports included."""
    import torch
    from datasets import Dataset
    from trl.trainer.reward_config import RewardConfig

    from rlhf.training.ranking_trainer import RankingTrainer
    from rlhf.training.rankings import JudgmentCollator
    from rlhf.training.trainer import fit, shared_arguments

    tokenizer = load_tokenizer(MODEL)
    trainer = RankingTrainer(
        model=load_reward_model(MODEL, tokenizer, dtype=torch.float32, new_head_seed=0),
        spec=spec,
        tie_share=0.0,
        args=RewardConfig(**shared_arguments(spec, folder), max_length=None),
        data_collator=JudgmentCollator(tokenizer.pad_token_id),
        train_dataset=Dataset.from_list(list(rows)),
        processing_class=tokenizer,
    )
    started = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        fit(trainer, spec, reporter=Quiet(), resume_from=None)
    return time.perf_counter() - started


def bare(rows: Sequence[dict[str, Any]], spec: RewardTraining, folder: Path) -> float:
    """The same judgments as pairs, for TRL as its documentation has it."""
    import torch
    from datasets import Dataset
    from trl.trainer.reward_config import RewardConfig
    from trl.trainer.reward_trainer import RewardTrainer

    tokenizer = load_tokenizer(MODEL)
    pairs = [
        {"chosen_ids": better, "rejected_ids": worse}
        for row in rows
        for better, worse in itertools.combinations(row["input_ids"], 2)
    ]
    trainer = RewardTrainer(
        model=load_reward_model(MODEL, tokenizer, dtype=torch.float32, new_head_seed=0),
        args=RewardConfig(
            output_dir=str(folder),
            per_device_train_batch_size=SEQUENCES // 2,
            num_train_epochs=1,
            learning_rate=spec.learning_rate,
            logging_steps=spec.log_every,
            gradient_checkpointing=False,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            bf16=False,
            max_length=None,
        ),
        train_dataset=Dataset.from_list(pairs),
        processing_class=tokenizer,
    )
    started = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        trainer.train()
    return time.perf_counter() - started


def speed(num_responses: int, num_prompts: int, rounds: int) -> None:
    rows = judged(num_prompts, num_responses)
    spec = RewardTraining(
        batch_size=max(SEQUENCES // num_responses, 1),
        log_every=10,
        checkpoint_every=10_000,
        center_on="nothing",
    )
    times: dict[Callable[..., float], list[float]] = {ours: [], bare: []}
    with tempfile.TemporaryDirectory(prefix="plumbline-rewards-") as folder:
        for turn in range(rounds + 1):  # the first warms up
            for side in (ours, bare) if turn % 2 else (bare, ours):
                times[side].append(side(rows, spec, Path(folder) / f"{side.__name__}-{turn}"))
    ratios = [theirs / mine for mine, theirs in zip(times[ours][1:], times[bare][1:], strict=True)]
    say(
        f"prompts trained on a second, K={num_responses}",
        num_prompts / median(times[ours][1:]),
        "prompts/s",
        peer=PEER,
        peer_value=round(num_prompts / median(times[bare][1:]), 4),
        ratio=round(median(ratios), 3),
        low=round(min(ratios), 3),
        high=round(max(ratios), 3),
        n=len(ratios),
    )


def members(rounds: int) -> None:
    """What scoring by an ensemble of eight costs beside scoring by one."""
    import torch

    from rlhf.training.scoring import Scorer

    tokenizer = load_tokenizer(MODEL)
    texts = [ids for row in judged(64, 2) for ids in row["input_ids"]]
    scorers = {
        num: Scorer(
            load_reward_model(MODEL, tokenizer, dtype=torch.float32, new_head_seed=0, members=num).eval(),
            tokenizer,
            batch_size=SEQUENCES,
        )
        for num in (1, 8)
    }
    times: dict[int, list[float]] = {num: [] for num in scorers}
    for turn in range(rounds + 1):
        for num in (1, 8) if turn % 2 else (8, 1):
            started = time.perf_counter()
            scorers[num].score_ids(texts)
            times[num].append(time.perf_counter() - started)
    ratios = [eight / one for one, eight in zip(times[1][1:], times[8][1:], strict=True)]
    limits = {"low": round(min(ratios), 3), "high": round(max(ratios), 3), "n": len(ratios)}
    say("time of a score by eight members over one by a single model", median(ratios), "ratio", **limits)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--only", default="", help="Figures whose name holds this word.")
    options = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    rounds = 9 if options.long else 5
    parts: dict[str, Callable[[], None]] = {
        "speed pairs": lambda: speed(2, 128, rounds),
        "speed four": lambda: speed(4, 48, rounds),
        "speed nine": lambda: speed(9, 15, rounds),
    }
    parts["members"] = lambda: members(rounds)
    if options.long:
        from benchmarks.reward import careless, votes

        parts |= careless.EXPERIMENTS | votes.EXPERIMENTS
    for run in chosen(parts, options.only).values():
        run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
