"""Messages to tokens. Training, sampling and scoring all pass through here, so that a reward model
is asked about exactly the text it was trained on, and a policy about the prompts it was trained on."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rlhf.training.errors import TrainingError

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

Messages = list[dict[str, Any]]
TokenIds = list[int]

# For tokenizers that come without one. The turn ends with EOS itself, so a policy learns to stop
# and a reward model reads its score at EOS.
DEFAULT_CHAT_TEMPLATE = (
    "{%- if bos_token and bos_token != eos_token %}{{ bos_token }}{% endif %}"
    "{%- for message in messages %}"
    "{{- '<|' + message['role'] + '|>\\n' + message['content'] + eos_token }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}"
)
_SENTINEL = "\u2063completion\u2063"


def render(tokenizer: PreTrainedTokenizerBase, messages: Messages, *, generation_prompt: bool = False) -> str:
    # Columns of Parquet structs hold None for what a message does not have; templates expect absence.
    present = [{key: value for key, value in message.items() if value is not None} for message in messages]
    try:
        text = tokenizer.apply_chat_template(present, tokenize=False, add_generation_prompt=generation_prompt)
    except Exception as error:  # Jinja raises whatever the template's author chose
        roles = ", ".join(str(message.get("role")) for message in messages)
        raise TrainingError(
            f"The model's chat template cannot write a conversation of roles {roles}: {error}"
        ) from error
    assert isinstance(text, str)
    return text


def encode(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> list[TokenIds]:
    """Templates write the special tokens themselves, so none are added."""
    return tokenizer(list(texts), add_special_tokens=False)["input_ids"] if texts else []


def encode_prompts(tokenizer: PreTrainedTokenizerBase, prompts: Sequence[Messages]) -> list[TokenIds]:
    """As the policy sees them: up to where its reply begins."""
    return encode(tokenizer, [render(tokenizer, prompt, generation_prompt=True) for prompt in prompts])


def encode_conversations(
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[Messages],
    completions: Sequence[Messages],
    finished: Sequence[bool] | None = None,
) -> list[TokenIds]:
    """As a reward model sees them: whole. Where `finished` is False the reply was cut off, and what the
    template puts after a reply (EOS) is left away: the policy did not write it."""
    texts = [
        render(tokenizer, prompt + completion)
        for prompt, completion in zip(prompts, completions, strict=True)
    ]
    if finished is not None:
        closing = turn_closing(tokenizer)
        texts = [
            text if done else text.removesuffix(closing) for text, done in zip(texts, finished, strict=True)
        ]
    return encode(tokenizer, texts)


def pad_right(sequences: Sequence[Sequence[int]], pad_token_id: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(tokens, mask), both [len(sequences), longest]. Padding follows the text, so that a causal model
    computes for each row what it would alone."""
    import torch

    input_ids = torch.nn.utils.rnn.pad_sequence(
        [torch.tensor(ids) for ids in sequences], batch_first=True, padding_value=pad_token_id
    )
    lengths = torch.tensor([len(ids) for ids in sequences])
    return input_ids, (torch.arange(input_ids.shape[1]) < lengths[:, None]).long()


def common_prefix(first: Sequence[int], second: Sequence[int]) -> int:
    length = 0
    for a, b in zip(first, second, strict=False):
        if a != b:
            break
        length += 1
    return length


@functools.lru_cache(maxsize=8)
def turn_closing(tokenizer: PreTrainedTokenizerBase) -> str:
    """What the template writes after a reply."""
    text = render(tokenizer, [{"role": "user", "content": "x"}, {"role": "assistant", "content": _SENTINEL}])
    return text.rpartition(_SENTINEL)[2]


def stop_token_ids(
    tokenizer: PreTrainedTokenizerBase, declared: int | Sequence[int] | None = None
) -> TokenIds:
    """Tokens that end a reply: EOS, those the model declares, and the special token with which the
    template ends a turn (chat models often end turns with another token than EOS)."""
    ids = {tokenizer.eos_token_id}
    ids.update([declared] if isinstance(declared, int) else declared or [])
    closing = encode(tokenizer, [turn_closing(tokenizer)])[0]
    if closing and closing[0] in tokenizer.added_tokens_decoder:
        ids.add(closing[0])
    ids.discard(None)
    return sorted(ids)
