"""The critic of PPO as files, so that a later run may start from what this one learned to expect.

A critic of its own is a sequence classifier with one label, read by plain `from_pretrained`. One that is an
adapter is PEFT's files, to be put on the model it was trained beside, and its head in value_head.safetensors.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlhf.model_config import ModelFiles
from rlhf.training.errors import TrainingError
from rlhf.training.modeling import load_tokenizer
from rlhf.training.text import stop_token_ids

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedTokenizerBase

FOLDER = "critic"  # in the output of a run; also the name of the adapter, which PEFT makes a folder's
HEAD_FILE = "value_head.safetensors"
ADAPTER_WEIGHTS = "adapter_model.safetensors"


def check_tokens(tokenizer: PreTrainedTokenizerBase, folder: Path, critic_start: Path | None) -> None:
    """Before anything is loaded: TrainingError where PAD ends replies, or where the model in `critic_start`,
    as which a critic of its own begins, reads other tokens than the policy in `folder`."""
    declared = ModelFiles.of(folder).generation.get("eos_token_id")
    if tokenizer.pad_token_id in stop_token_ids(tokenizer, declared):
        raise TrainingError(
            "The PAD token also ends completions, so their ends could not be told from padding. "
            "Give the tokenizer a PAD of its own."
        )
    if critic_start is not None and load_tokenizer(critic_start).get_vocab() != tokenizer.get_vocab():
        raise TrainingError(
            "The reward model splits text into other tokens than the policy, so a critic cannot "
            "start as it. Train with LoRA and critic: adapter."
        )


def save_adapter(policy: Any, head: nn.Module, output_dir: Path) -> None:
    """`output_dir`/critic: the adapter of that name, and the head."""
    from safetensors.torch import save_file

    policy.save_pretrained(output_dir, selected_adapters=[FOLDER], save_embedding_layers=False)
    (output_dir / "README.md").unlink(missing_ok=True)  # PEFT's form, not filled in
    save_file(dict(head.state_dict()), output_dir / FOLDER / HEAD_FILE)


def load_adapter(policy: Any, head: nn.Module, folder: Path) -> None:
    """Give the policy's adapter named critic, and its head, what `save_adapter` wrote."""
    from peft import get_peft_model_state_dict, set_peft_model_state_dict
    from safetensors.torch import load_file

    weights = load_file(folder / ADAPTER_WEIGHTS)
    wanted = get_peft_model_state_dict(policy, adapter_name=FOLDER, save_embedding_layers=False)
    if _shapes(weights) != _shapes(wanted):
        raise TrainingError(
            "The critic to start from has other adapters than this run: give lora the r and target_modules "
            "that it was trained with, and take a model of the same size."
        )
    set_peft_model_state_dict(policy, weights, adapter_name=FOLDER)
    head.load_state_dict(load_file(folder / HEAD_FILE))


def _shapes(weights: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in weights.items()}
