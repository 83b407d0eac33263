"""Loading and saving models: any AutoModelForCausalLM, and for rewards encoders too, by folder or hub name.

Weights are safetensors only, and no code that ships with a model is run.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rlhf.specs import Lora, Training
from rlhf.training.errors import TrainingError
from rlhf.training.hub import ADAPTER_FILE, BASE_LINK, find_model
from rlhf.training.reward_heads import NEW_WEIGHTS, RewardFacts, initialize, num_reward_labels, reward_head
from rlhf.training.text import DEFAULT_CHAT_TEMPLATE, stop_token_ids

if TYPE_CHECKING:
    import torch
    from peft import LoraConfig
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

logger = logging.getLogger(__name__)

# Tokens that some families keep for padding, and else a new one.
PAD_TOKENS = ("<|pad|>", "<pad>", "[PAD]", "<|finetune_right_pad_id|>", "<|padding|>", "<|endoftext|>")


@contextlib.contextmanager
def _loading(folder: Path) -> Iterator[None]:
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, ValueError, ImportError, KeyError, AttributeError, SafetensorError) as error:
        reason = str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
        raise TrainingError(f"The model in {folder} cannot be loaded: {reason}.") from error


def load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    """With a chat template, and a PAD that is not EOS: a reward model reads its score at the last
    token that is not PAD, and a policy that never sees EOS in its loss never learns to stop.
    An encoder's tokenizer opens with CLS and ends with SEP where others have BOS and EOS."""
    from transformers import AutoTokenizer

    with _loading(folder):
        tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    if tokenizer.eos_token_id is None and tokenizer.sep_token_id is not None:
        tokenizer.eos_token = tokenizer.sep_token
        if tokenizer.bos_token_id is None and tokenizer.cls_token_id is not None:
            tokenizer.bos_token = tokenizer.cls_token
    if tokenizer.eos_token_id is None:
        raise TrainingError(f"The tokenizer in {folder} has no EOS token, so replies could never end.")
    if tokenizer.pad_token_id is None or tokenizer.pad_token_id == tokenizer.eos_token_id:
        vocabulary = tokenizer.get_vocab()
        known = (token for token in PAD_TOKENS if token in vocabulary and token != tokenizer.eos_token)
        tokenizer.add_special_tokens({"pad_token": next(known, PAD_TOKENS[0])})
    if tokenizer.chat_template is None:
        logger.info("The tokenizer has no chat template: a plain one is used and saved with the model.")
        tokenizer.chat_template = DEFAULT_CHAT_TEMPLATE
    return tokenizer


def chat_template_digest(tokenizer: PreTrainedTokenizerBase) -> str:
    return hashlib.sha256(str(tokenizer.chat_template).encode()).hexdigest()


def device() -> torch.device:
    import torch

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def precision(dtype: str, *, lora: bool, inference: bool = False) -> tuple[torch.dtype, bool]:
    """(dtype of the weights, whether to compute in bfloat16 by autocast).

    `auto` keeps weights that are trained in float32: updates of a policy are far smaller than what
    bfloat16 resolves. Frozen weights and arithmetic use bfloat16 where the device has it.
    """
    import torch

    if dtype == "bfloat16":
        return torch.bfloat16, False
    if dtype == "float32" or not (torch.cuda.is_available() and torch.cuda.is_bf16_supported()):
        return torch.float32, False
    return (torch.bfloat16 if lora or inference else torch.float32), not inference


def _load_weights(
    auto_class: Any, folder: Path, *, dtype: torch.dtype, new_weights: tuple[str, ...] = (), **settings: Any
) -> PreTrainedModel:
    """Every weight must come from the files but those with one of `new_weights` in their names:
    transformers would draw missing ones at random and only print a warning."""
    import torch
    from transformers.utils import logging as transformers_logging

    # cuDNN plans attention anew for each shape (tens of milliseconds), and no two batches have the same.
    torch.backends.cuda.enable_cudnn_sdp(False)
    transformers_logging.disable_progress_bar()
    verbosity = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity_error()  # its report of missing weights; ours follows
    try:
        with _loading(folder):
            model, report = auto_class.from_pretrained(
                folder,
                dtype=dtype,
                trust_remote_code=False,
                use_safetensors=True,
                output_loading_info=True,
                **settings,
            )
    finally:
        transformers_logging.set_verbosity(verbosity)
    missing = [name for name in report["missing_keys"] if not any(part in name for part in new_weights)]
    if missing:
        raise TrainingError(
            f"The weights in {folder} are incomplete: {len(missing)} tensors miss, like {min(missing)}."
        )
    _speed_up(model)
    return model


def _speed_up(model: PreTrainedModel) -> None:
    """On a GPU, norms, rotations and gates by Liger's kernels (Hsu et al. 2024) where they are installed
    and know the model: PyTorch's go to memory and back for each of their multiplications. Losses stay.
    On a CPU, products by oneDNN where MKL is slow, norms and rotations in fewer steps."""
    import importlib.util

    import torch

    from rlhf.training.elementwise import use_fewer_steps
    from rlhf.training.products import use_onednn

    if not torch.cuda.is_available():
        use_onednn(model)
        use_fewer_steps(model)
    elif importlib.util.find_spec("liger_kernel") is not None:
        from liger_kernel.transformers import _apply_liger_kernel_to_instance

        _apply_liger_kernel_to_instance(model=model, cross_entropy=False, fused_linear_cross_entropy=False)


def load_policy(
    folder: Path, tokenizer: PreTrainedTokenizerBase, *, dtype: torch.dtype, lora: Lora | None = None
) -> PreTrainedModel:
    """A causal language model; where `folder` holds an adapter, its base model with the adapter merged."""
    from transformers import AutoModelForCausalLM

    if (folder / ADAPTER_FILE).is_file():
        if lora and lora.load_in_4bit:
            raise TrainingError("load_in_4bit needs a merged model to start from, and this is an adapter.")
        model = merge_adapter(load_policy(adapter_base(folder), tokenizer, dtype=dtype), folder)
    else:
        settings = quantization() if lora and lora.load_in_4bit else {}
        model = _load_weights(AutoModelForCausalLM, folder, dtype=dtype, **settings)
    _fit_vocabulary(model, tokenizer)
    generation = model.generation_config
    generation.eos_token_id = stop_token_ids(tokenizer, generation.eos_token_id)
    generation.pad_token_id = tokenizer.pad_token_id
    return model


def adapter_base(folder: Path) -> Path:
    if (folder / BASE_LINK).is_dir():
        return folder / BASE_LINK
    name = json.loads((folder / ADAPTER_FILE).read_text(encoding="utf-8"))["base_model_name_or_path"]
    try:
        return find_model(name)
    except TrainingError as error:
        raise TrainingError(f"The adapter in {folder} lacks its base model: {error}") from error


def merge_adapter(model: PreTrainedModel, adapter: Path) -> PreTrainedModel:
    from peft import PeftModel

    with _loading(adapter):
        merged = PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()
    return merged.requires_grad_(True)  # PEFT has frozen it


def quantization() -> dict[str, Any]:
    """4-bit NormalFloat with doubly quantized constants (Dettmers et al. 2023)."""
    import importlib.util

    import torch

    if not torch.cuda.is_available():
        raise TrainingError("load_in_4bit needs a CUDA device. Train plain LoRA adapters on this machine.")
    if importlib.util.find_spec("bitsandbytes") is None:
        raise TrainingError("load_in_4bit needs bitsandbytes: install it on the worker's machine.")
    from transformers import BitsAndBytesConfig

    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    return {"quantization_config": config, "device_map": {"": torch.cuda.current_device()}}


def copy_reference(
    reference: PreTrainedModel, policy: PreTrainedModel, tokenizer: PreTrainedTokenizerBase
) -> None:
    """What TRL read from the files a policy came from, made equal to the policy: those have no row for
    a PAD that was added, and of an adapter they are only the base model."""
    _fit_vocabulary(reference, tokenizer)
    reference.load_state_dict(policy.state_dict())


def load_reward_model(
    folder: Path,
    tokenizer: PreTrainedTokenizerBase,
    *,
    dtype: torch.dtype,
    new_head_seed: int | None = None,
    members: int | None = None,
) -> PreTrainedModel:
    """A sequence classifier with one label for each member of its ensemble (None: as many as it has).
    A model that has no such head yet, decoder or encoder, is refused, or given one drawn under
    `new_head_seed`: see reward_heads.initialize. Members' own adapters are on it: see member_adapters."""
    import torch
    from transformers import AutoModelForSequenceClassification

    num_labels = num_reward_labels(folder)
    if num_labels is None and new_head_seed is None:
        raise TrainingError(f"The model in {folder} is not a reward model. Choose one made by a reward run.")
    if num_labels is not None and members not in (None, num_labels):
        raise TrainingError(
            f"The reward model in {folder} has {num_labels} members: "
            f"set members to {num_labels}, or start from a model without a reward head."
        )
    with torch.random.fork_rng():
        torch.manual_seed(new_head_seed or 0)  # for what an encoder has between its body and the head
        model = _load_weights(
            AutoModelForSequenceClassification,
            folder,
            dtype=dtype,
            num_labels=num_labels or members or 1,
            new_weights=NEW_WEIGHTS if num_labels is None else (),
        )
    _fit_vocabulary(model, tokenizer)
    head = reward_head(model)
    if num_labels is None:
        assert new_head_seed is not None
        initialize(head, seed=new_head_seed)
    if RewardFacts.of(model.config).members_own == "adapters":
        from rlhf.training.member_adapters import load_adapters

        with _loading(folder):
            load_adapters(model, folder)
    return model


def _fit_vocabulary(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    embeddings: Any = model.get_input_embeddings()
    if len(tokenizer) > embeddings.weight.shape[0]:
        # PAD is all that was added and no loss ever sees it, so its row needs no careful start.
        model.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    model.config.get_text_config().pad_token_id = tokenizer.pad_token_id


def lora_config(lora: Lora, *, task: Literal["CAUSAL_LM", "SEQ_CLS"]) -> LoraConfig:
    """With SEQ_CLS, PEFT trains and saves the head too; with CAUSAL_LM it would stay random."""
    from peft import LoraConfig

    if lora.load_in_4bit and task == "SEQ_CLS":
        raise TrainingError("load_in_4bit is for policies: train plain LoRA adapters for a reward model.")
    return LoraConfig(
        r=lora.r,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=lora.target_modules,
        task_type=task,
    )


def save_model(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    folder: Path,
    *,
    save: Literal["merged", "adapter"] = "merged",
    base: str | Path | None = None,
) -> None:
    """Adapters are merged, so that what was trained loads like any other model; or saved alone, beside
    the name of their `base` model (a hub name, or a folder that must stay)."""
    if save == "merged":
        model = merged(model, tokenizer)
    elif hasattr(model, "merge_and_unload"):
        assert base is not None
        name = str(Path(base).resolve()) if Path(base).is_dir() else str(base)
        for config in model.peft_config.values():
            config.base_model_name_or_path = name
        model.save_pretrained(folder, save_embedding_layers=False)
        (folder / "README.md").unlink(missing_ok=True)  # PEFT's form, not filled in
        tokenizer.save_pretrained(folder)
        return
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def merged(model: Any, tokenizer: PreTrainedTokenizerBase) -> Any:
    """Adapters are merged, so that what was trained loads like any other model."""
    if not hasattr(model, "merge_and_unload"):
        return model
    if not getattr(model, "is_loaded_in_4bit", False):
        return model.merge_and_unload()
    import torch

    # In 4 bits the adapters would be rounded away: they are merged into the weights as they were.
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder, save_embedding_layers=False)
        base = load_policy(Path(model.config.name_or_path), tokenizer, dtype=torch.bfloat16)
        return merge_adapter(base, Path(folder))


def describe_training(spec: Training) -> str:
    """The advice when memory runs out."""
    longer = "" if spec.lora else ", or train LoRA adapters"
    return (
        f"lower batch_size (now {spec.batch_size}) and raise gradient_accumulation_steps, "
        f"lower max_length (now {spec.max_length}){longer}"
    )
