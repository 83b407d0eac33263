"""What people said, as rows a reward model learns from: preferences and rankings in one form.

A row is one judgment: its K responses as tokens, best first, and the tier of each. A preference is a row of
two, so K responses that were ranked together cost K forward passes, and not the K(K-1) of their pairs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from rlhf.specs import RewardTraining
from rlhf.training.data import Columns, encode_rows, load_split, require_columns
from rlhf.training.ensembles import bootstrap_counts
from rlhf.training.errors import TrainingError
from rlhf.training.reporting import Reporter
from rlhf.training.text import encode_conversations, pad_right

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerBase

PREFERENCES = ("prompt", "chosen", "rejected", "tie", "prompt_id")
RANKINGS = ("prompt", "responses", "tiers", "prompt_id")
CUT_OFF = "length"
# What the trainer reads of a row; the rest tells whom and what it came from.
TRAINED_ON = ("input_ids", "tiers", "depths", "weight", "flip", "counts")


def encode_judgments(
    snapshot_dir: Path,
    split: str,
    tokenizer: PreTrainedTokenizerBase,
    spec: RewardTraining,
    output_dir: Path,
    reporter: Reporter,
) -> Dataset | None:
    """One row for each judgment: `input_ids` (K conversations, closed by the template), `tiers` (K ranks),
    `depths` (K sums of strengths from the best tier down), `weight`, `flip`, `counts` (one for each
    member), `prompt_id`, `annotator`.

    The columns strength or strengths, weight, reliability, annotator and finish (of each response; one that
    was cut off is read without the EOS it does not have) may be absent or null. A reliability below a half
    counts as a half: somebody who guesses, and not one who knows and lies.
    Left out are responses longer than `max_length`, since a cut reply is not what people judged, and rows
    with fewer than two left or, where the loss reads no ties, with nothing but a tie.
    """
    dataset = load_split(snapshot_dir, split, columns=(), cache_dir=output_dir / "data")
    if dataset is None:
        return None
    is_ranked = "tiers" in dataset.column_names
    expected = RANKINGS if is_ranked else PREFERENCES
    require_columns(expected, dataset.column_names, snapshot_dir / f"{split}.parquet")
    reads_ties = spec.ties == "rao_kupper" or spec.loss == "plackett_luce"
    num_ties = num_long = 0

    def to_rows(batch: Columns) -> Columns:
        nonlocal num_ties, num_long
        encoded: Columns = {name: [] for name in (*TRAINED_ON, "prompt_id", "annotator")}
        judgments = list(_rankings(batch) if is_ranked else _preferences(batch))
        texts = encode_conversations(
            tokenizer,
            [prompt for prompt, one in zip(batch["prompt"], judgments, strict=True) for _ in one["tiers"]],
            [response for one in judgments for response in one["responses"]],
            [finish != CUT_OFF for one in judgments for finish in one["finishes"]],
        )
        counts = _counts(batch["prompt_id"], spec)
        start = 0
        for index, one in enumerate(judgments):
            ids, start = texts[start : start + len(one["tiers"])], start + len(one["tiers"])
            kept = [k for k in range(len(ids)) if len(ids[k]) <= spec.max_length]
            # A tie of two is a tie before it is too long.
            is_tie = len({one["tiers"][k] for k in (kept if len(kept) > 1 else range(len(ids)))}) < 2
            if is_tie and not reads_ties:
                num_ties += 1
            elif len(kept) < 2:
                num_long += 1
            else:
                encoded["input_ids"].append([ids[k] for k in kept])
                encoded["tiers"].append([one["tiers"][k] for k in kept])
                encoded["depths"].append([one["depths"][k] for k in kept])
                weight, flip = _trust(batch, index, spec)
                encoded["weight"].append(weight)
                encoded["flip"].append(flip)
                encoded["counts"].append(counts[index])
                encoded["prompt_id"].append(batch["prompt_id"][index])
                encoded["annotator"].append(_at(batch, "annotator", index))
        return encoded

    rows = encode_rows(dataset, to_rows)
    noun = ("rankings", "rankings") if is_ranked else ("comparisons", "pairs")
    if num_ties or num_long:
        reporter.log(
            f"{split}: {len(rows)} {noun[0]}; left out are {num_ties} ties and "
            f"{num_long} {noun[1]} longer than max_length ({spec.max_length} tokens)."
        )
    if not len(rows) and split == "train":
        raise TrainingError(
            f"No comparison fits into max_length ({spec.max_length} tokens). Raise it."
            if num_long
            else "The train split has only ties; more judgments are needed."
        )
    return rows if len(rows) else None


def _preferences(batch: Columns) -> Iterator[dict[str, Any]]:
    for index, tie in enumerate(batch["tie"]):
        strength = _at(batch, "strength", index) or 0
        yield {
            "responses": [batch["chosen"][index], batch["rejected"][index]],
            "finishes": [_at(batch, f"{side}_finish", index) for side in ("chosen", "rejected")],
            "tiers": [0, 0 if tie else 1],
            "depths": [0, 0 if tie else strength],
        }


def _rankings(batch: Columns) -> Iterator[dict[str, Any]]:
    for index, tiers in enumerate(batch["tiers"]):
        responses = batch["responses"][index]
        boundaries = [strength or 0 for strength in _at(batch, "strengths", index) or ()]
        depths = [0, *accumulate(boundaries)]
        if len(responses) != len(tiers) or min(tiers, default=0) < 0:
            raise TrainingError(
                f"The ranking of prompt {batch['prompt_id'][index]} has {len(responses)} responses and the "
                f"tiers {tiers}: give each response a tier, 0 for the best. Freeze the snapshot again."
            )
        finishes = _at(batch, "finishes", index) or [None] * len(tiers)
        order = sorted(range(len(tiers)), key=lambda place: tiers[place])
        yield {
            "finishes": [finishes[place] for place in order],
            "responses": [responses[place] for place in order],
            "tiers": [tiers[place] for place in order],
            "depths": [depths[min(tiers[place], len(boundaries))] for place in order],
        }


def _counts(prompt_ids: Sequence[int], spec: RewardTraining) -> list[list[float]]:
    if spec.bootstrap and spec.members > 1:
        return bootstrap_counts(prompt_ids, members=spec.members, seed=spec.seed)
    return [[1.0] * spec.members] * len(prompt_ids)


def _trust(batch: Columns, index: int, spec: RewardTraining) -> tuple[float, float]:
    """(weight, probability that the judgment points the wrong way) of a row."""
    given = _at(batch, "weight", index)
    weight = 1.0 if given is None else float(given)
    reliability = _at(batch, "reliability", index)
    if reliability is None or spec.reliability == "ignore":
        return weight, 0.0
    flip = min(1.0 - float(reliability), 0.5)
    return (weight * (1 - 2 * flip), 0.0) if spec.reliability == "weight" else (weight, flip)


def _at(batch: Columns, column: str, index: int) -> Any:
    return batch[column][index] if column in batch else None


def by_prompt(rows: Dataset) -> Dataset:
    """One row for each prompt: `places` of its judgments in `rows`."""
    from datasets import Dataset

    places: dict[Any, list[int]] = {}
    for place, prompt_id in enumerate(rows["prompt_id"]):
        places.setdefault(prompt_id, []).append(place)
    return Dataset.from_dict({"places": list(places.values())})


@dataclass(slots=True)
class JudgmentCollator:
    """B judgments to tensors. `input_ids` and `attention_mask` [R, T] hold each text once, however many
    judgments of the batch are about it; `texts` [B, K] says which is which; `tiers` [B, K] (-1 where a
    judgment has fewer responses); `depths` [B, K]; `flip` [B]; `weight` [B, N]. Rows of `by_prompt` are
    looked up in `judgments`."""

    pad_token_id: int
    judgments: Dataset | None = None

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
        if self.judgments is not None:
            rows = [self.judgments[place] for row in rows for place in row["places"]]
        found: dict[tuple[int, ...], int] = {}
        texts = [[found.setdefault(tuple(ids), len(found)) for ids in row["input_ids"]] for row in rows]
        input_ids, attention_mask = pad_right(list(found), self.pad_token_id)
        weight = torch.tensor([row["weight"] for row in rows])[:, None]
        counts = torch.tensor([row["counts"] for row in rows])
        return {
            "input_ids": input_ids,
            "attention_mask": attention_mask,
            "texts": _filled(texts, 0),
            "tiers": _filled([row["tiers"] for row in rows], -1),
            "depths": _filled([row["depths"] for row in rows], 0),
            "flip": torch.tensor([row["flip"] for row in rows]),
            "weight": weight * counts if counts.shape[1] > 1 else weight,
        }


def _filled(values: Sequence[Sequence[int]], empty: int) -> torch.Tensor:
    longest = max(map(len, values))
    return torch.tensor([[*row, *[empty] * (longest - len(row))] for row in values])
