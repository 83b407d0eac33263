"""Low-rank adapters (Hu et al. 2021), one for each member of an ensemble, on one backbone that is frozen.

Members that share every layer misunderstand together what the backbone has misunderstood; with adapters each
reads in its own way, and costs a pass of its own: a batch of R texts becomes N x R rows, member by member.
A folder holds backbone and head as ever, and each member in members/0, members/1, … as an adapter of PEFT's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from rlhf.training.errors import TrainingError
from rlhf.training.reward_heads import NEW_WEIGHTS, RewardFacts, reward_head

if TYPE_CHECKING:
    from peft import LoraConfig

FOLDER = "members"
WEIGHTS_FILE = "adapter_model.safetensors"
PEFT_PREFIX = "base_model.model."
REPEATED = ("input_ids", "attention_mask")


class MemberLinear(nn.Module):
    """A frozen linear layer and the change that each of N members adds to it. Rows of the input, [N x R, …],
    belong to the members in turn."""

    def __init__(self, frozen: nn.Linear, members: int, config: LoraConfig, generator: torch.Generator):
        super().__init__()
        self.frozen = frozen
        self.scaling = config.lora_alpha / config.r
        self.dropout = nn.Dropout(config.lora_dropout)
        drawn = torch.empty(members, config.r, frozen.in_features)
        drawn.uniform_(-1, 1, generator=generator).div_(math.sqrt(frozen.in_features))
        self.down = nn.Parameter(drawn.to(frozen.weight))
        self.up = nn.Parameter(torch.zeros(members, frozen.out_features, config.r).to(frozen.weight))

    def forward(self, states: Tensor) -> Tensor:
        unchanged = self.frozen(states)
        members = len(self.down)
        low = self.dropout(states).reshape(members, -1, states.shape[-1]) @ self.down.mT
        sums = unchanged.reshape(members, -1, unchanged.shape[-1])
        changed = torch.baddbmm(sums, low, self.up.mT, alpha=self.scaling)  # one pass over what is large
        return changed.reshape(unchanged.shape)


def give_adapters(model: Any, config: LoraConfig, *, seed: int) -> None:
    """An adapter for each label of `model`, drawn under `seed`, which changes nothing yet. Only adapters, the
    head and what belongs to it are trained."""
    generator = torch.Generator().manual_seed(seed)
    targets = _targets(model, config)
    model.requires_grad_(False)
    for name in targets:
        layer = model.get_submodule(name)
        model.set_submodule(name, MemberLinear(layer, model.config.num_labels, config, generator))
    for name, weight in model.named_parameters():
        if any(part in name for part in NEW_WEIGHTS) or name.endswith((".down", ".up")):
            weight.requires_grad_(True)
    model.register_forward_pre_hook(_once_for_each_member, with_kwargs=True)
    model.register_forward_hook(_own_score)


def load_adapters(model: Any, folder: Path) -> None:
    from peft import LoraConfig
    from safetensors.torch import load_file

    places = [folder / FOLDER / str(number) for number in range(model.config.num_labels)]
    weights = [load_file(place / WEIGHTS_FILE) for place in places]
    give_adapters(model, LoraConfig.from_pretrained(str(places[0])), seed=0)
    with torch.no_grad():
        for name, layer in _layers(model):
            for member, own in enumerate(weights):
                layer.down[member].copy_(own[f"{PEFT_PREFIX}{name}.lora_A.weight"])
                layer.up[member].copy_(own[f"{PEFT_PREFIX}{name}.lora_B.weight"])


def save_adapters(model: Any, folder: Path) -> None:
    """One folder for each member; backbone and head are saved by `save_model` once adapters are taken off."""
    from peft import LoraConfig
    from safetensors.torch import save_file

    layers = dict(_layers(model))
    one = next(iter(layers.values()))
    rank = one.down.shape[1]
    config = LoraConfig(
        r=rank,
        lora_alpha=round(one.scaling * rank),
        lora_dropout=one.dropout.p,
        target_modules=sorted(layers),
    )
    for member in range(model.config.num_labels):
        place = folder / FOLDER / str(member)
        place.mkdir(parents=True, exist_ok=True)
        weights = {}
        for name, layer in layers.items():
            weights[f"{PEFT_PREFIX}{name}.lora_A.weight"] = layer.down[member].detach().cpu().contiguous()
            weights[f"{PEFT_PREFIX}{name}.lora_B.weight"] = layer.up[member].detach().cpu().contiguous()
        save_file(weights, place / WEIGHTS_FILE, metadata={"format": "pt"})
        config.save_pretrained(str(place))


def take_off(model: Any) -> None:
    """Back to backbone and head."""
    for name, layer in list(_layers(model)):
        model.set_submodule(name, layer.frozen)
    for hooks in (model._forward_pre_hooks, model._forward_hooks):
        for key in [key for key, hook in hooks.items() if hook in (_once_for_each_member, _own_score)]:
            del hooks[key]


def averaged(model: Any) -> Any:
    """One model with the mean of the members' weights, which is what a critic starts from."""
    with torch.no_grad():
        for _, layer in _layers(model):
            change = (layer.up @ layer.down).mean(0) * layer.scaling
            layer.frozen.weight += change.to(layer.frozen.weight.dtype)
    take_off(model)
    facts = RewardFacts.of(model.config)
    facts.members_own = "heads"
    facts.write_to(model.config)
    return model.requires_grad_(True)


def _layers(model: Any) -> Iterator[tuple[str, MemberLinear]]:
    for name, module in model.named_modules():
        if isinstance(module, MemberLinear):
            yield name, module


def _targets(model: Any, config: LoraConfig) -> list[str]:
    """Names of linear layers, chosen as PEFT chooses them: all, by a pattern, or by how they end."""
    wanted, head = config.target_modules, reward_head(model)

    def is_wanted(name: str) -> bool:
        if wanted == "all-linear":
            return not any(part in f"{name}." for part in NEW_WEIGHTS)
        if isinstance(wanted, str):
            return re.fullmatch(wanted, name) is not None
        return any(f".{name}".endswith(f".{one}") for one in wanted or ())

    names = [
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and module is not head and is_wanted(name)
    ]
    if not names:
        raise TrainingError(
            f"{type(model).__name__} has no linear layer that lora.target_modules names ({wanted}): "
            "set it to all-linear, or members_own to heads."
        )
    return names


def has_adapters(model: Any) -> bool:
    return RewardFacts.of(model.config).members_own == "adapters"


def _once_for_each_member(model: Any, arguments: Any, named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    members = model.config.num_labels
    return arguments, named | {name: named[name].repeat(members, 1) for name in REPEATED}


def _own_score(model: Any, arguments: Any, outputs: Any) -> Any:
    """Logits [N x R, N] to [R, N]: of each member's rows its own column."""
    members = outputs.logits.shape[-1]
    outputs.logits = outputs.logits.view(members, -1, members).diagonal(dim1=0, dim2=2)
    return outputs
