"""Reward modelling: score what people prefer above what they do not.

TRL's RewardTrainer reads clean pairs only: loss = -log sigmoid(r(chosen) - r(rejected)). This one
(ranking_trainer.py) reads everything a judgment says: whole rankings at one forward pass for each response,
ties, how much better, how far its annotator can be trusted (preference_losses.py). It trains one head or an
ensemble (ensembles.py), on a decoder or an encoder, in full or by adapters, one for all members or for each.
Afterwards scores are centred and a temperature is fitted (calibration.py); both are saved with the model.
Judgments longer than `max_length` are left out: a cut reply is not what people judged.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from rlhf.specs import RewardTraining
from rlhf.training import calibration
from rlhf.training.data import require_train
from rlhf.training.errors import TrainingError, out_of_memory_explained
from rlhf.training.member_adapters import give_adapters, has_adapters, save_adapters, take_off
from rlhf.training.modeling import (
    chat_template_digest,
    describe_training,
    find_model,
    load_reward_model,
    load_tokenizer,
    lora_config,
    merged,
    precision,
    save_model,
)
from rlhf.training.rankings import JudgmentCollator, by_prompt, encode_judgments
from rlhf.training.reporting import Reporter
from rlhf.training.reward_heads import RewardFacts, centre, reward_head
from rlhf.training.scoring import Scorer, reading_limit

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedTokenizerBase

SPLITS = ("train", "validation", "test")
MAX_REFERENCES = 1024


def train_reward(
    spec: RewardTraining,
    *,
    model_path: str | Path,
    snapshot_dir: Path,
    output_dir: Path,
    reporter: Reporter,
    resume_from: Path | None = None,
) -> dict[str, Any]:
    """Writes `output_dir`/model. Returns the temperature and the tie threshold, and of validation
    comparisons (`eval_…`) and of test ones (`test_…`) what calibration.describe finds, where the snapshot
    has such rows. The temperature is fitted on validation rows: only test figures are free of it."""
    from trl.trainer.reward_config import RewardConfig

    from rlhf.training.ranking_trainer import RankingTrainer
    from rlhf.training.trainer import fit, shared_arguments

    folder = find_model(model_path)
    tokenizer = load_tokenizer(folder)
    reporter.environment({"chat_template_sha256": chat_template_digest(tokenizer)})
    model = _to_be_trained(spec, folder, tokenizer)
    readable = spec.model_copy(update={"max_length": min(spec.max_length, reading_limit(model, tokenizer))})
    data = {
        split: encode_judgments(snapshot_dir, split, tokenizer, readable, output_dir, reporter)
        for split in SPLITS
    }
    train = require_train(data["train"])
    decided, tied = count_pairs(train)
    is_by_prompt = spec.batch_by == "prompt"
    trainer = RankingTrainer(
        model=model,
        spec=spec,
        tie_share=tied / (decided + tied),
        args=RewardConfig(
            **shared_arguments(spec, output_dir),
            max_length=None,  # done above
            center_rewards_coefficient=spec.center_rewards_coefficient,
        ),
        data_collator=JudgmentCollator(tokenizer.pad_token_id, train if is_by_prompt else None),
        train_dataset=by_prompt(train) if is_by_prompt else train,
        processing_class=tokenizer,
        peft_config=lora_config(spec.lora, task="SEQ_CLS") if spec.lora and not has_adapters(model) else None,
    )
    fit(trainer, spec, reporter=reporter, resume_from=resume_from)

    threshold = trainer.tie_threshold()
    facts = RewardFacts(
        tie_threshold=None if threshold is None else threshold.exp().item(),
        combine=spec.combine,
        variance_penalty=spec.variance_penalty if spec.combine == "mean_minus_variance" else 0.0,
        centred_on=spec.center_on,
        members_own=spec.members_own,
    )
    model = merged(trainer.model, tokenizer).eval()
    if threshold is not None:
        del reward_head(model).tie_threshold  # a fact from here on, and no weight
    facts.write_to(model.config)
    scorer = Scorer(model, tokenizer, batch_size=2 * spec.batch_size)
    summary: dict[str, Any] = {"num_judgments": len(train), "num_comparisons": decided}
    if spec.ties != "drop":
        summary |= {"num_ties": tied, "tie_threshold": facts.tie_threshold}
    with out_of_memory_explained(describe_training(spec)):
        if spec.center_on != "nothing":
            texts, is_best = train_texts(train)
            sizes = range(0, len(texts), scorer.batch_size)
            summary["centering_deviation"] = centre(
                model,
                (scorer.batch(texts[start : start + scorer.batch_size]) for start in sizes),
                torch.tensor(is_best) | (spec.center_on == "responses"),
            )
        pairs = {split: calibration.decide(scorer, data[split] or ()) for split in ("validation", "test")}
    if len(pairs["validation"].margins):
        facts.temperature = calibration.fit_temperature(pairs["validation"].margins)
        facts.write_to(model.config)
    summary["temperature"] = facts.temperature
    annotators = set(train["annotator"]) - {None}
    for split, name in (("validation", "eval"), ("test", "test")):
        found = calibration.describe(pairs[split], temperature=facts.temperature, known_annotators=annotators)
        summary |= {f"{name}_{key}": value for key, value in found.items()}
        if found:
            values = {"accuracy": found["accuracy"]["value"], "margin": float(pairs[split].margins.mean())}
            values |= {key: found[key]["after"]["value"] for key in ("nll", "ece")}
            reporter.metrics(trainer.state.global_step, {f"{name}_{key}": v for key, v in values.items()})
    if has_adapters(model):
        save_adapters(model, output_dir / "model")
        take_off(model)
    save_model(model, tokenizer, output_dir / "model")
    return summary


def _to_be_trained(spec: RewardTraining, folder: Path, tokenizer: PreTrainedTokenizerBase) -> Any:
    # Members' adapters and what they stand on are in one piece, in the precision of what is trained.
    dtype, _ = precision(spec.dtype, lora=spec.lora is not None and spec.members_own == "heads")
    model = load_reward_model(folder, tokenizer, dtype=dtype, new_head_seed=spec.seed, members=spec.members)
    facts = RewardFacts.of(model.config)
    if facts.members_own == spec.members_own:
        return model
    if facts.members_own == "adapters":
        raise TrainingError(
            f"Members in {folder} have adapters: set members_own to adapters, and lora to {{}}."
        )
    assert spec.lora
    give_adapters(model, lora_config(spec.lora, task="SEQ_CLS"), seed=spec.seed)
    facts.members_own = "adapters"
    facts.write_to(model.config)
    return model


def count_pairs(rows: Dataset) -> tuple[int, int]:
    """(decided, tied) pairs of what people judged."""
    decided = tied = 0
    for tiers in rows["tiers"]:
        equal = sum(math.comb(tiers.count(tier), 2) for tier in set(tiers))
        tied += equal
        decided += math.comb(len(tiers), 2) - equal
    return decided, tied


def train_texts(rows: Dataset) -> tuple[list[list[int]], list[bool]]:
    """Distinct judged conversations, the first of them, and whether each was ever the best of its row."""
    texts: dict[tuple[int, ...], bool] = {}
    for row in rows.select_columns(["input_ids", "tiers"]):
        for ids, tier in zip(row["input_ids"], row["tiers"], strict=True):
            text = tuple(ids)
            texts[text] = texts.get(text, False) or tier == min(row["tiers"])
        if len(texts) >= MAX_REFERENCES:
            break
    shortest_first = sorted(texts, key=len)  # batches of them hold little padding
    return [list(ids) for ids in shortest_first], [texts[ids] for ids in shortest_first]
