"""Each trainer of ours beside a bare script with TRL's, from the same files to a saved model.

Both start from the fixture's model, read the same rows, take the same number of steps over batches of the
same size, report every step and save no checkpoint. Importing and starting Python are not part of it.
"""

from __future__ import annotations

import contextlib
import io
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.figures import say
from benchmarks.peers.workloads import FIXTURE, write_reward_model
from benchmarks.reward.shared import Quiet
from benchmarks.simulation.ground import messages_of, reply, write_split
from fixtures.dialogues import make_prompts, make_reply
from rlhf import specs
from rlhf.training.modeling import load_tokenizer

NUM_ROWS = 256
BATCH, MAX_LENGTH = 32, 192
STEPS = {"sft": 8, "dpo": 6, "rloo": 3, "reward": 6}
NUM_GENERATIONS, MAX_COMPLETION = 4, 48
LEARNING_RATE = 1e-5

Side = Callable[[Path, Path], None]  # (where the rows and the reward model are, where to write)


def write_rows(folder: Path, num_rows: int = NUM_ROWS) -> None:
    """`pairs`, `demonstrations` and `prompts`, each a train split, and `reward`, a model that scores."""
    rng, pairs = random.Random(0), []
    for number, prompt in enumerate(make_prompts(num_rows, seed=2)):
        chosen, rejected = (reply(make_reply(prompt, rng)) for _ in range(2))
        asked = {"prompt": messages_of(prompt), "prompt_id": number}
        pairs.append({**asked, "chosen": chosen, "rejected": rejected, "tie": False})
    write_split(folder / "pairs", "train", pairs)
    demonstrations = [
        {"prompt": row["prompt"], "completion": row["chosen"], "prompt_id": row["prompt_id"]} for row in pairs
    ]
    write_split(folder / "demonstrations", "train", demonstrations)
    write_split(folder / "prompts", "train", [{k: row[k] for k in ("prompt", "prompt_id")} for row in pairs])
    write_reward_model(FIXTURE, folder / "reward")


def settings(kind: str) -> dict[str, Any]:
    return {
        "learning_rate": LEARNING_RATE,
        "max_steps": STEPS[kind],
        "batch_size": BATCH,
        "max_length": MAX_LENGTH,
        "dtype": "float32",
        "checkpoint_every": 10**6,
    }


def common(kind: str, folder: Path) -> dict[str, Any]:
    """The same settings, as TRL's configurations name them."""
    return {
        "output_dir": str(folder / "checkpoints"),
        "learning_rate": LEARNING_RATE,
        "max_steps": STEPS[kind],
        "per_device_train_batch_size": BATCH,
        "bf16": False,
        "gradient_checkpointing": False,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
    }


def rows_of(folder: Path, cache_dir: Path, *columns: str) -> Any:
    """What is made of them is kept in `cache_dir`, so that no turn profits from another."""
    from datasets import Dataset

    rows = Dataset.from_parquet(str(folder / "train.parquet"), cache_dir=str(cache_dir))
    return rows.select_columns(list(columns))


def policy() -> Any:
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(FIXTURE, dtype=torch.float32)


def end(trainer: Any, folder: Path) -> None:
    trainer.train()
    trainer.save_model(str(folder / "model"))


def our_sft(data: Path, folder: Path) -> None:
    from rlhf.training.sft import train_sft

    spec = specs.SftTraining(**settings("sft"))
    train_sft(
        spec,
        model_path=FIXTURE,
        snapshot_dir=data / "demonstrations",
        output_dir=folder,
        reporter=Quiet(),
    )


def bare_sft(data: Path, folder: Path) -> None:
    from trl import SFTConfig, SFTTrainer

    trainer = SFTTrainer(
        model=policy(),
        args=SFTConfig(**common("sft", folder), max_length=MAX_LENGTH),
        train_dataset=rows_of(data / "demonstrations", folder, "prompt", "completion"),
        processing_class=load_tokenizer(FIXTURE),
    )
    end(trainer, folder)


def our_dpo(data: Path, folder: Path, *, cache_dir: Path | None = None) -> None:
    from rlhf.training.dpo import train_dpo

    spec = specs.DpoTraining(**settings("dpo"))
    train_dpo(
        spec,
        model_path=FIXTURE,
        snapshot_dir=data / "pairs",
        output_dir=folder,
        reporter=Quiet(),
        cache_dir=cache_dir,
    )


def bare_dpo(data: Path, folder: Path, *, cache_dir: Path | None = None) -> None:
    from trl import DPOConfig, DPOTrainer

    trainer = DPOTrainer(
        model=policy(),
        args=DPOConfig(**common("dpo", folder), max_length=MAX_LENGTH, precompute_ref_log_probs=True),
        train_dataset=rows_of(data / "pairs", cache_dir or folder, "prompt", "chosen", "rejected"),
        processing_class=load_tokenizer(FIXTURE),
    )
    end(trainer, folder)


def our_rloo(data: Path, folder: Path) -> None:
    from rlhf.training.rloo import train_rloo

    spec = specs.RlooTraining(
        **settings("rloo"),
        num_generations=NUM_GENERATIONS,
        max_completion_length=MAX_COMPLETION,
        missing_eos_penalty=0.0,
    )
    train_rloo(
        spec,
        model_path=FIXTURE,
        reward_model_path=data / "reward",
        snapshot_dir=data / "prompts",
        output_dir=folder,
        reporter=Quiet(),
    )


def bare_rloo(data: Path, folder: Path) -> None:
    from trl import RLOOConfig, RLOOTrainer

    trainer = RLOOTrainer(
        model=policy(),
        reward_funcs=str(data / "reward"),
        args=RLOOConfig(
            **common("rloo", folder),
            num_generations=NUM_GENERATIONS,
            max_completion_length=MAX_COMPLETION,
            beta=0.05,
        ),
        train_dataset=rows_of(data / "prompts", folder, "prompt"),
        processing_class=load_tokenizer(FIXTURE),
    )
    end(trainer, folder)


def our_reward(data: Path, folder: Path) -> None:
    from rlhf.training.reward import train_reward

    spec = specs.RewardTraining(**settings("reward"), center_on="nothing")
    train_reward(spec, model_path=FIXTURE, snapshot_dir=data / "pairs", output_dir=folder, reporter=Quiet())


def bare_reward(data: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForSequenceClassification
    from trl import RewardConfig, RewardTrainer

    trainer = RewardTrainer(
        model=AutoModelForSequenceClassification.from_pretrained(FIXTURE, num_labels=1, dtype=torch.float32),
        args=RewardConfig(**common("reward", folder), max_length=MAX_LENGTH),
        train_dataset=rows_of(data / "pairs", folder, "prompt", "chosen", "rejected"),
        processing_class=load_tokenizer(FIXTURE),
    )
    end(trainer, folder)


METHODS: dict[str, tuple[Side, Side]] = {
    "sft": (our_sft, bare_sft),
    "dpo": (our_dpo, bare_dpo),
    "rloo": (our_rloo, bare_rloo),
    "reward": (our_reward, bare_reward),
}


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def compare(kind: str, rounds: int) -> None:
    """Rows a second of one processor from files to a saved model; sides take turns, and the first turn of
    each warms up. One thread, and its own time: two would wait for each other where something else runs."""
    import torch

    torch.set_num_threads(1)
    times: dict[Side, list[float]] = {side: [] for side in METHODS[kind]}
    with tempfile.TemporaryDirectory(prefix="plumbline-training-") as name:
        folder = Path(name)
        write_rows(folder / "data")
        for turn in range(rounds + 1):
            for side in METHODS[kind] if turn % 2 else METHODS[kind][::-1]:
                output = folder / f"{side.__name__}-{turn}"
                started = time.process_time()
                with quiet():
                    side(folder / "data", output)
                times[side].append(time.process_time() - started)
    ours, bare = (times[side][1:] for side in METHODS[kind])
    ratios = [theirs / mine for mine, theirs in zip(ours, bare, strict=True)]
    rows = STEPS[kind] * BATCH
    say(
        f"{kind} from files to a saved model",
        rows / median(ours),
        "rows/s",
        low=round(rows / max(ours), 3),
        high=round(rows / min(ours), 3),
        n=len(ours),
        peer="TRL 1.16, a bare script",
        peer_value=round(rows / median(bare), 3),
        ratio=round(median(ratios), 3),
        ratio_low=round(min(ratios), 3),
        ratio_high=round(max(ratios), 3),
    )
