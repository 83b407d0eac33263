"""What travels with trained weights: README.md, which people and hubs read, and lineage.json, which
says from what and how they were made. Whoever trains writes them; the worker does for each run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

METHODS = {
    "sft": ("Supervised fine-tuning", "text-generation"),
    "reward": ("Reward modelling", "text-classification"),
    "dpo": ("Direct preference optimization", "text-generation"),
    "kto": ("Kahneman-Tversky optimization", "text-generation"),
    "rloo": ("REINFORCE with leave-one-out baselines", "text-generation"),
    "grpo": ("Group relative policy optimization", "text-generation"),
    "ppo": ("Proximal policy optimization", "text-generation"),
    "critic": ("The critic of proximal policy optimization", "text-classification"),
}


def write_card(
    folder: Path,
    *,
    kind: str,
    spec: Mapping[str, Any],
    metrics: Mapping[str, Any],
    inputs: Mapping[str, Any],
    run: Mapping[str, Any] | None = None,
    environment: Mapping[str, Any] | None = None,
) -> None:
    """`inputs` holds `models`, by the field of the spec that names them, and `snapshot`, each as
    `{"id", "ref" | "digest", "kind"}`; `environment` holds `packages`, by name, and what else is known.
    A metric is a number, or `{"value", "low", "high", "n", "method"}` where it is a sample."""
    lineage = {
        "kind": kind,
        "base": spec.get("model"),
        "inputs": _without_files(inputs),
        "run": dict(run or {}),
        "spec": dict(spec),
        "metrics": dict(metrics),
        "environment": dict(environment or {}),
    }
    text = json.dumps(lineage, indent=2, ensure_ascii=False, sort_keys=True)
    (folder / "lineage.json").write_text(text + "\n", encoding="utf-8")
    (folder / "README.md").write_text(_card(lineage), encoding="utf-8")


def _without_files(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_files(part) for key, part in value.items() if key != "files"}
    return [_without_files(part) for part in value] if isinstance(value, list) else value


def _card(lineage: Mapping[str, Any]) -> str:
    spec, kind = lineage["spec"], lineage["kind"]
    method, task = METHODS.get(kind, (kind, "text-generation"))
    is_adapter = spec.get("save") == "adapter"
    header = {
        "base_model": lineage["base"],
        "base_model_relation": "adapter" if is_adapter else "finetune",
        "library_name": "peft" if is_adapter else "transformers",
        "pipeline_tag": task,
        "tags": ["plumbline", kind, *(["lora"] if spec.get("lora") else [])],
    }
    # A JSON value is a YAML value, whatever characters a name holds.
    lines = ["---", *(f"{key}: {json.dumps(value)}" for key, value in header.items()), "---", ""]
    lines += [f"# {spec.get('name', kind)}", "", f"{method}, starting from `{lineage['base']}`.", ""]
    snapshot = lineage["inputs"].get("snapshot")
    if snapshot:
        lines += [
            f"Trained on snapshot {snapshot.get('id')} ({snapshot.get('kind')}, `{snapshot.get('digest')}`)."
        ]
    reward_model = (lineage["inputs"].get("models") or {}).get("reward_model")
    if reward_model:
        lines += [f"Rewards are those of `{reward_model.get('ref')}`."]
    if lineage["run"]:
        lines += [f"Made by run {lineage['run'].get('id')}; `lineage.json` has all that is known of it."]
    if kind == "reward":
        lines += ["", *_how_to_score(spec, lineage["metrics"])]
    lines += ["", "## Measured", "", "| metric | value | interval | n |", "|---|---|---|---|"]
    lines += [_metric(name, value) for name, value in _flat(lineage["metrics"])]
    lines += ["", "## Settings", "", "| field | value |", "|---|---|"]
    lines += [f"| {name} | `{json.dumps(value)}` |" for name, value in sorted(spec.items())]
    packages = lineage["environment"].get("packages") or {}
    if packages:
        lines += [
            "",
            "## Made with",
            "",
            ", ".join(f"{name} {version}" for name, version in packages.items()),
        ]
    return "\n".join(lines) + "\n"


def _how_to_score(spec: Mapping[str, Any], metrics: Mapping[str, Any]) -> list[str]:
    lines = [
        "## Scores",
        "",
        "It scores a whole conversation, written by the chat template of its tokenizer. "
        "`AutoModelForSequenceClassification.from_pretrained` loads it; `reward` in config.json holds:",
        "",
    ]
    if "temperature" in metrics:
        lines.append(
            f"- temperature {metrics['temperature']:.4g}: P(A is preferred to B) = "
            "sigmoid((score of A - score of B) / temperature)"
        )
    if spec.get("members", 1) > 1:
        lines.append(f"- {spec['members']} members, a logit each; the score is their {spec['combine']}")
    if spec.get("members_own") == "adapters":
        lines.append("- member n reads through the adapter in members/n, which `peft.PeftModel` loads")
    if metrics.get("tie_threshold") is not None:
        lines.append(f"- tie threshold {metrics['tie_threshold']:.4g}: Rao and Kupper's theta")
    if spec.get("center_on", "nothing") != "nothing":
        lines.append(f"- the mean score of the train {spec['center_on']} is zero, for each member")
    return lines


def _flat(metrics: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """(name, number or sample) in the order of names; what is in a group has both names."""
    found = []
    for name, value in sorted(metrics.items()):
        if isinstance(value, Mapping) and "value" not in value:
            found += _flat(value, f"{prefix}{name} ")
        else:
            found.append((f"{prefix}{name}", value))
    return found


def _metric(name: str, value: Any) -> str:
    if isinstance(value, Mapping) and "value" in value:
        interval = f"{value['low']:.4g} to {value['high']:.4g} (95 %, {value['method']})"
        return f"| {name} | {value['value']:.4g} | {interval} | {value['n']} |"
    return f"| {name} | {f'{value:.6g}' if isinstance(value, float) else json.dumps(value)} | | |"
