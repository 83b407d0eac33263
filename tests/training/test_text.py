from __future__ import annotations

import pytest

from rlhf.training.errors import TrainingError
from rlhf.training.modeling import load_tokenizer
from rlhf.training.text import (
    DEFAULT_CHAT_TEMPLATE,
    common_prefix,
    encode_conversations,
    encode_prompts,
    render,
    stop_token_ids,
    turn_closing,
)
from tests.training.tiny import make_rows, reply, user

PROMPT = user("Where is my parcel?")


@pytest.fixture(scope="module")
def tokenizer(base_model):
    return load_tokenizer(base_model)


def test_finished_reply_ends_with_eos_and_a_cut_one_does_not(tokenizer):
    both = encode_conversations(tokenizer, [PROMPT] * 2, [reply("On its way.")] * 2, [True, False])
    finished, cut = both
    assert finished[-1] == tokenizer.eos_token_id
    assert cut == finished[:-1]


def test_prompt_is_the_beginning_of_the_conversation(tokenizer):
    (prompt,) = encode_prompts(tokenizer, [PROMPT])
    (whole,) = encode_conversations(tokenizer, [PROMPT], [reply("On its way.")])
    assert common_prefix(prompt, whole) == len(prompt)
    assert tokenizer.decode(whole[len(prompt) :]) == "On its way.<|end|>"


def test_tokens_are_those_that_trl_would_make(tokenizer):
    from trl.data_utils import _tokenize

    for row in make_rows(5):
        (ours,) = encode_conversations(tokenizer, [row["prompt"]], [row["chosen"]])
        assert ours == _tokenize(tokenizer, row["prompt"] + row["chosen"])["input_ids"]
        (prompt,) = encode_prompts(tokenizer, [row["prompt"]])
        assert prompt == _tokenize(tokenizer, row["prompt"], add_generation_prompt=True)["input_ids"]


def test_end_of_turn_stops_a_reply_beside_eos(tokenizer):
    eos = tokenizer.eos_token_id
    assert stop_token_ids(tokenizer) == [eos]
    assert stop_token_ids(tokenizer, [7, eos]) == sorted([7, eos])
    assert turn_closing(tokenizer) == "<|end|>"


def test_plain_template_ends_turns_with_eos(base_model):
    tokenizer = load_tokenizer(base_model)
    tokenizer.chat_template = DEFAULT_CHAT_TEMPLATE
    text = render(tokenizer, [*PROMPT, *reply("Here.")])
    assert text == "<|bos|><|user|>\nWhere is my parcel?<|end|><|assistant|>\nHere.<|end|>"
    assert text.startswith(render(tokenizer, PROMPT, generation_prompt=True))


def test_absent_parts_of_a_message_stay_absent(base_model):
    tokenizer = load_tokenizer(base_model)
    tokenizer.chat_template = "{% for m in messages %}{{ m.keys() | list }}{% endfor %}"
    assert render(tokenizer, [{"role": "user", "content": "x", "tool_calls": None}]) == "['role', 'content']"


def test_template_that_refuses_a_role_is_named(base_model):
    tokenizer = load_tokenizer(base_model)
    tokenizer.chat_template = "{{ raise_exception('System role not supported') }}"
    with pytest.raises(TrainingError, match="roles user: System role not supported"):
        render(tokenizer, PROMPT)
