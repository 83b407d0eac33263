"""The models PPO needs, and what each says of a batch of rollouts.

The critic is a model of its own, or a second adapter beside the policy's on one backbone with a head of
its own. The reference is the policy with its adapters off, or a frozen copy. Dropout is off in all of
them. Rows are padded on the right: a causal model then needs no mask, since padding comes after all
that is read. B rows, N completion tokens of all rows one after the other, H hidden units.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor, nn

from rlhf.specs import PpoTraining
from rlhf.training import critics, trunk
from rlhf.training.errors import TrainingError
from rlhf.training.last_layer import Reader
from rlhf.training.member_adapters import averaged
from rlhf.training.modeling import (
    device,
    load_policy,
    load_reward_model,
    lora_config,
    precision,
    save_model,
)
from rlhf.training.passes import First, Second, passes, shared_out, side_by_side
from rlhf.training.ppo_math import token_logprobs
from rlhf.training.reward_heads import reward_head
from rlhf.training.text import TokenIds

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

POLICY, CRITIC = "policy", "critic"


class Row(NamedTuple):
    prompt: TokenIds
    completion: TokenIds

    @property
    def length(self) -> int:
        return len(self.prompt) + len(self.completion)


class Batch:
    """Rows as tensors. The last token of a row is predicted and never read, so it is left out."""

    def __init__(self, rows: Sequence[Row], *, pad_token_id: int) -> None:
        sequences = [[*row.prompt, *row.completion[:-1]] for row in rows]
        self.longest = max(map(len, sequences))
        self.widths_B = torch.tensor([len(ids) for ids in sequences], device=device())
        self.input_ids = torch.tensor(
            [ids + [pad_token_id] * (self.longest - len(ids)) for ids in sequences], device=device()
        )
        starts = [
            index * self.longest + len(row.prompt) - 1 for index, row in enumerate(rows)
        ]  # where the first token of a completion is predicted
        self.positions_N = torch.cat(
            [
                torch.arange(start, start + len(row.completion))
                for start, row in zip(starts, rows, strict=True)
            ]
        ).to(device())
        self.lengths = [len(row.completion) for row in rows]
        self.tokens_N = torch.tensor([token for row in rows for token in row.completion], device=device())


class Models:
    def __init__(
        self, spec: PpoTraining, folder: Path, tokenizer: PreTrainedTokenizerBase, policy: Any
    ) -> None:
        """`policy` as loaded; `load` makes the rest."""
        self.spec = spec
        self.folder = folder
        self.tokenizer = tokenizer
        _, autocast = precision(spec.dtype, lora=spec.lora is not None)
        self._computes_in_bfloat16 = autocast
        self.policy: Any = policy
        self.reference: Any = None  # None: the policy with its adapters off
        self.critic: Any = None  # None: the critic is an adapter of the policy
        self.value_head: Any = None
        self.logit_settings = _logit_settings(policy)
        self._readers: dict[Any, Reader] = {}

    @classmethod
    def load(
        cls,
        spec: PpoTraining,
        *,
        folder: Path,
        tokenizer: PreTrainedTokenizerBase,
        reward_folder: Path | None,
        critic_folder: Path | None = None,
    ) -> Models:
        """A critic of its own starts as the one in `critic_folder`, or as the reward model; without them
        it starts as the policy with a head of zeros, as a critic that is an adapter does."""
        dtype, _ = precision(spec.dtype, lora=spec.lora is not None)
        policy: Any = load_policy(folder, tokenizer, dtype=dtype)
        models = cls(spec, folder, tokenizer, policy)
        if spec.lora:
            from peft import get_peft_model

            with _fixed_seed(spec.seed):
                models.policy = get_peft_model(
                    policy, lora_config(spec.lora, task="CAUSAL_LM"), adapter_name=POLICY
                )
        else:
            reference: Any = load_policy(folder, tokenizer, dtype=dtype)
            models.reference = reference.to(device()).eval().requires_grad_(False)
        if spec.critic == "adapter":
            assert spec.lora  # the spec sees to it
            with _fixed_seed(spec.seed + 1):
                models.policy.add_adapter(CRITIC, lora_config(spec.lora, task="CAUSAL_LM"))
            hidden = policy.config.get_text_config().hidden_size
            models.value_head = nn.Linear(hidden, 1, dtype=torch.float32, device=device())
            nn.init.zeros_(models.value_head.weight)
            nn.init.zeros_(models.value_head.bias)
            if critic_folder is not None:
                critics.load_adapter(models.policy, models.value_head, critic_folder)
        else:
            models._load_critic(folder, critic_folder or reward_folder, dtype)
        for model in (models.policy, models.critic):
            if model is not None:
                model.to(device())
                _switch_dropout_off(model)
                if spec.gradient_checkpointing:
                    model.activation_checkpointing_enable({"use_reentrant": False})
        # Now, since later several threads may ask for one at the same time.
        models._readers = {
            model: Reader(_plain(model).base_model, narrow=not spec.gradient_checkpointing)
            for model in (models.policy, models.reference, models.critic)
            if model is not None
        }
        models.inference()
        models.activate(POLICY)
        models._check_head()
        return models

    def _load_critic(self, folder: Path, start: Path | None, dtype: torch.dtype) -> None:
        if start is not None:
            critic = averaged(load_reward_model(start, self.tokenizer, dtype=dtype))
        else:
            critic = load_reward_model(folder, self.tokenizer, dtype=dtype, new_head_seed=self.spec.seed)
            head = reward_head(critic)
            nn.init.zeros_(head.weight)
        self.critic = critic
        if self.spec.lora:
            from peft import get_peft_model

            with _fixed_seed(self.spec.seed + 1):
                self.critic = get_peft_model(critic, lora_config(self.spec.lora, task="SEQ_CLS"))

    @property
    def generation_config(self) -> Any:
        return _plain(self.policy).generation_config

    @property
    def max_positions(self) -> int | None:
        return getattr(_plain(self.policy).config.get_text_config(), "max_position_embeddings", None)

    @property
    def sampler(self) -> Any:
        """The policy as a transformers model that generates."""
        return _plain(self.policy)

    def inference(self) -> None:
        """Sampling with a cache, which gradient checkpointing would refuse."""
        self._train(False)

    def learning(self) -> None:
        # Only gradient checkpointing looks at this; dropout stays at zero.
        self._train(self.spec.gradient_checkpointing)

    def _train(self, mode: bool) -> None:
        for model in (self.policy, self.critic):
            if model is not None and model.training != mode:
                model.train(mode)

    @property
    def critic_is_apart(self) -> bool:
        """Policy and critic may be at work at the same time, on threads of one processor."""
        return self.critic is not None and device().type == "cpu"

    def side_by_side(self, first: Callable[[], First], second: Callable[[], Second]) -> tuple[First, Second]:
        """The results of both, where `first` needs the policy or the reference and `second` the critic."""
        return side_by_side(first, second) if self.critic_is_apart else (first(), second())

    def shared_out(self, tasks: Iterable[Callable[[], First]]) -> list[First]:
        """The results of tasks of which each reads one of policy, reference and critic. They may be made
        while others are done."""
        if self.critic_is_apart and self.reference is not None:
            return shared_out(tasks)
        return [task() for task in list(tasks)]

    # What the models say

    def batches(
        self, rows: Mapping[int, Row] | Sequence[Row], order: Iterable[int], *, most_rows: int
    ) -> list[tuple[Batch, Sequence[int]]]:
        """What goes through a model together, and which rows these are: those that `order` names."""
        falling = sorted(order, key=lambda index: -rows[index].length)
        lengths = {index: rows[index].length for index in falling}
        by_hand = all(reader.trunk for reader in self._readers.values())
        parts = passes(
            falling,
            lengths,
            most_rows=most_rows,
            device=device(),
            cpu_tokens=trunk.CPU_TOKENS if by_hand else None,
        )
        pad = self.tokenizer.pad_token_id
        return [(Batch([rows[index] for index in part], pad_token_id=pad), part) for part in parts]

    def logprobs(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """(log-probabilities (N), entropies (N)) of the policy at the sampling temperature."""
        self.activate(POLICY)
        return self._logprobs(self.policy, batch)

    def reference_logprobs(self, batch: Batch) -> Tensor:
        if self.reference is not None:
            return self._logprobs(self.reference, batch)[0]
        self.activate(POLICY)
        with self.policy.disable_adapter():
            return self._logprobs(self.policy, batch)[0]

    def values(self, batch: Batch) -> Tensor:
        """(N): what the critic expects before each token."""
        with self._autocast():
            if self.critic is None:
                self.activate(CRITIC)
                states = self._states(self.policy, batch)
                return self.value_head(states.float())[:, 0]
            critic = _plain(self.critic)
            states = self._states(self.critic, batch)
            head = getattr(critic, "score", None) or critic.classifier
            # An ensemble's critic is the mean of its heads.
            return head(states).float().mean(-1)

    def _states(self, model: Any, batch: Batch) -> Tensor:
        """(N, H): the states from which each completion token is predicted."""
        return self._readers[model](batch.input_ids, batch.positions_N, batch.widths_B)

    def _autocast(self) -> torch.autocast:
        return torch.autocast(device().type, dtype=torch.bfloat16, enabled=self._computes_in_bfloat16)

    def _logprobs(self, model: Any, batch: Batch) -> tuple[Tensor, Tensor]:
        with self._autocast():
            states = self._states(model, batch)
            return token_logprobs(
                states,
                _plain(model).get_output_embeddings(),
                batch.tokens_N,
                temperature=self.spec.temperature,
                **self.logit_settings,
            )

    # What is trained

    def activate(self, adapter: str) -> None:
        """Only adapters have anything to switch. PEFT freezes those it switches off; here both learn."""
        if self.spec.critic == "adapter" and self.policy.active_adapter != adapter:
            self.policy.set_adapter(adapter)
            for name, parameter in self.policy.named_parameters():
                if f".{POLICY}." in name or f".{CRITIC}." in name:
                    parameter.requires_grad_(True)

    def policy_parameters(self) -> dict[str, nn.Parameter]:
        if self.spec.lora:
            return {name: p for name, p in self.policy.named_parameters() if f".{POLICY}." in name}
        return {name: p for name, p in self.policy.named_parameters() if p.requires_grad}

    def critic_parameters(self) -> dict[str, nn.Parameter]:
        if self.critic is not None:
            return {name: p for name, p in self.critic.named_parameters() if p.requires_grad}
        own = {name: p for name, p in self.policy.named_parameters() if f".{CRITIC}." in name}
        return own | {f"value_head.{name}": p for name, p in self.value_head.named_parameters()}

    def save(self, output_dir: Path) -> None:
        """`model`, like any other model, and `critic`: a model of its own, or adapter and head."""
        if self.critic is not None:
            save_model(self.critic, self.tokenizer, output_dir / "critic")
        else:
            critics.save_adapter(self.policy, self.value_head, output_dir)
            self.activate(POLICY)
        save_model(self.policy, self.tokenizer, output_dir / "model")

    @torch.no_grad()
    def _check_head(self) -> None:
        """Log-probabilities are made from the backbone's states by the head. A family that does more to
        its logits than scale or cap them must be refused, not trained on numbers that are not its own."""
        plain = _plain(self.policy)
        ids = torch.arange(4, 10, device=device())[None] % plain.config.get_text_config().vocab_size
        with self._autocast():
            logits = plain(input_ids=ids, use_cache=False).logits[0, :-1].float() / self.spec.temperature
            expected = torch.log_softmax(logits, -1).gather(-1, ids[0, 1:, None])[:, 0]
        batch = Batch([Row(ids[0, :3].tolist(), ids[0, 3:].tolist())], pad_token_id=0)
        found, _ = self._logprobs(self.policy, batch)
        is_exact = plain.dtype == torch.float32 and not self._computes_in_bfloat16
        if not torch.allclose(found, expected[2:], atol=1e-3 if is_exact else 0.1):
            raise TrainingError(
                f"{type(plain).__name__} changes its logits in a way PPO does not know. "
                "Use RLOO for this model."
            )


def _plain(model: Any) -> Any:
    """The transformers model inside PEFT's, or the model itself."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def _logit_settings(model: Any) -> dict[str, Any]:
    config = model.config.get_text_config()
    scale = getattr(config, "logit_scale", None) or 1 / (getattr(config, "logits_scaling", None) or 1)
    return {"softcap": getattr(config, "final_logit_softcapping", None), "scale": scale}


def _switch_dropout_off(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        for name in ("dropout", "attention_dropout"):
            if isinstance(getattr(module, name, None), float):
                setattr(module, name, 0.0)


@contextlib.contextmanager
def _fixed_seed(seed: int) -> Iterator[None]:
    """New adapters are drawn at random: the same ones in every process and on every resume."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
