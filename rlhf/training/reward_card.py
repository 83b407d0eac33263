"""The model card that lies beside a reward model: how to read its scores, and how good they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rlhf.specs import RewardTraining
from rlhf.training.reward_heads import RewardFacts


def write_card(folder: Path, spec: RewardTraining, facts: RewardFacts, summary: dict[str, Any]) -> None:
    """`folder`/README.md."""
    lines = [
        "---",
        "library_name: transformers",
        "pipeline_tag: text-classification",
        "tags: [reward-model]",
        "---",
        "# Reward model",
        "",
        f"Trained on {summary['num_judgments']} judgments ({summary['num_comparisons']} decided pairs): "
        f"loss {spec.loss}, ties {spec.ties}, strength {spec.strength}, reliability {spec.reliability}.",
        "",
        "It scores a whole conversation, written by the chat template of its tokenizer. "
        "`AutoModelForSequenceClassification.from_pretrained` loads it; `reward` in config.json holds:",
        "",
        f"- temperature {facts.temperature:.4g}: P(A is preferred to B) = "
        "sigmoid((score of A - score of B) / temperature)",
    ]
    if spec.members > 1:
        penalty = f" with penalty {facts.variance_penalty:g}" if facts.variance_penalty else ""
        lines.append(f"- {spec.members} members, a logit each; the score is their {facts.combine}{penalty}")
    if facts.tie_threshold is not None:
        lines.append(f"- tie threshold {facts.tie_threshold:.4g}: Rao and Kupper's theta")
    if facts.centred_on != "nothing":
        lines.append(f"- the mean score of the {facts.centred_on} it was trained on is zero, for each member")
    for name, title in (("eval", "Validation"), ("test", "Test")):
        if f"{name}_accuracy" not in summary:
            continue
        nll, ece = summary[f"{name}_nll"], summary[f"{name}_ece"]
        lines += ["", f"## {title}", "", "| figure | value | 95% interval | n |", "|---|---|---|---|"]
        lines += [
            _row("accuracy", summary[f"{name}_accuracy"]),
            _row("negative log-likelihood, uncalibrated", nll["before"]),
            _row("negative log-likelihood, calibrated", nll["after"]),
            _row("calibration error, uncalibrated", ece["before"]),
            _row("calibration error, calibrated", ece["after"]),
        ]
        shares = summary.get(f"{name}_prefers_longer", {})
        lines += [_row(f"the longer one wins ({who})", share) for who, share in shares.items()]
    (folder / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _row(name: str, interval: dict[str, Any]) -> str:
    value, low, high = (f"{interval[key]:.3f}" for key in ("value", "low", "high"))
    return f"| {name} | {value} | {low} to {high} | {interval['n']} |"
