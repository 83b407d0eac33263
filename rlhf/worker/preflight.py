"""What the server could not see of a run's models, looked at before a library or a weight is loaded."""

from __future__ import annotations

from pathlib import Path

from rlhf.model_config import ModelFiles
from rlhf.refusals import refusals
from rlhf.specs import SPECS
from rlhf.training.errors import TrainingError
from rlhf.training.hub import ADAPTER_FILE, BASE_LINK
from rlhf.worker.inputs import Inputs, models_to_read
from rlhf.worker.protocol import Json


def raise_if_unfit(run: Json, inputs: Inputs) -> None:
    """TrainingError, in one sentence for each reason why the run's spec cannot work with its models."""
    models = models_to_read(run)
    spec = SPECS[run["kind"]].model_validate(run["spec"])
    judges = [models.get("reward_model"), *models.get("rewards", [])]
    scorers = [_files(inputs.model(judge)) for judge in judges if judge]
    own = _files(inputs.model(models["model"])) if "model" in models else ModelFiles({})
    found = refusals(spec, own, scorers)
    if found:
        raise TrainingError(" ".join(found))


def _files(folder: Path) -> ModelFiles:
    own = ModelFiles.of(folder)
    if (folder / ADAPTER_FILE).is_file() and (folder / BASE_LINK).is_dir():
        base = ModelFiles.of(folder / BASE_LINK)
        return ModelFiles(base.config, base.generation, own.tokenizer)
    return own
