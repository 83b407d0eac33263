"""What PPO samples from: the prompts that leave room, and the engine that a spec names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlhf.specs import PpoTraining
from rlhf.training import engines
from rlhf.training.data import PromptRow, read_prompts
from rlhf.training.errors import TrainingError
from rlhf.training.ppo_models import Models
from rlhf.training.reporting import Reporter
from rlhf.training.text import TokenIds, encode_prompts

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def make_engine(spec: PpoTraining, models: Models, stop_ids: Sequence[int]) -> engines.Engine:
    settings: dict[str, Any] = {
        "temperature": spec.temperature,
        "max_new_tokens": spec.max_completion_length,
        "stop_ids": stop_ids,
        "pad_token_id": models.tokenizer.pad_token_id,
        "batch_size": spec.generation_batch_size,
    }
    if spec.engine == "transformers":
        return engines.LoopEngine(models.sampler, **settings)
    if spec.engine == "generate":
        return engines.GenerateEngine(models.sampler, **settings)
    if spec.engine == "continuous_batching":
        return engines.ContinuousBatchingEngine(models.sampler, **settings)
    from rlhf.training.vllm_engine import VllmEngine

    return VllmEngine(models, spec, stop_ids)


def prompts_with_room(
    snapshot_dir: Path,
    tokenizer: PreTrainedTokenizerBase,
    spec: PpoTraining,
    max_positions: int | None,
    reporter: Reporter,
) -> list[tuple[PromptRow, TokenIds]]:
    """Prompts of the train split, with their tokens, that leave room for a completion."""
    room = min(spec.max_length, max_positions or spec.max_length) - spec.max_completion_length
    rows = read_prompts(snapshot_dir, splits=["train"])
    encoded = zip(rows, encode_prompts(tokenizer, [row.messages for row in rows]), strict=True)
    fitting = [(row, ids) for row, ids in encoded if len(ids) <= room]
    if len(fitting) < len(rows):
        reporter.log(f"{len(rows) - len(fitting)} of {len(rows)} prompts exceed {room} tokens.")
    if not fitting:
        raise TrainingError(
            f"No prompt of the train split fits into {room} tokens. Raise max_length, or lower "
            "max_completion_length."
        )
    return fitting
