from __future__ import annotations

import pytest
import torch

from rlhf.specs import SftTraining
from rlhf.training.modeling import load_policy, load_tokenizer
from rlhf.training.sft import encode_demonstrations, packed, train_sft
from tests.training.tiny import Recorder, reply, user, write_split

LEARNED = -100


def token_losses(model, **inputs):
    """{token and its place in its own row: loss}, of tokens that carry one."""
    labels = inputs.pop("labels")
    with torch.no_grad():
        logits = model(**inputs, use_cache=False).logits
    losses = torch.nn.functional.cross_entropy(
        logits[:, :-1].transpose(1, 2), labels[:, 1:], ignore_index=LEARNED, reduction="none"
    )
    return losses[labels[:, 1:] != LEARNED]


def test_packed_rows_have_the_losses_they_have_alone(base_model, snapshot, tmp_path):
    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

    tokenizer = load_tokenizer(base_model)
    spec = SftTraining(max_length=160, packing=True)
    rows = encode_demonstrations(snapshot, "train", tokenizer, spec, tmp_path, Recorder())
    reporter = Recorder()
    sequences = packed(rows, spec, reporter)
    assert len(sequences) < len(rows) / 2
    assert "rows are packed into" in reporter.lines[0]
    model = load_policy(base_model, tokenizer, dtype=torch.float32).eval()
    collate = DataCollatorForLanguageModeling(pad_token_id=tokenizer.pad_token_id, padding_free=True)
    batch = collate([sequences[0], sequences[1]])
    together = token_losses(model, **batch)

    alone = []
    for sequence in (sequences[0], sequences[1]):
        start = 0
        for length in sequence["seq_lengths"]:
            part = slice(start, start + length)
            ids = torch.tensor([sequence["input_ids"][part]])
            alone.append(token_losses(model, input_ids=ids, labels=torch.tensor([sequence["labels"][part]])))
            start += length
    assert len(alone) > 4
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-5, rtol=0)
    mixed = token_losses(model, input_ids=batch["input_ids"], labels=batch["labels"])
    assert (mixed - together).abs().max() > 0.01  # what it is when rows see each other


def test_packed_training_learns(train):
    spec = SftTraining(learning_rate=3e-3, batch_size=2, num_epochs=3, packing=True, max_length=160)
    summary, reporter = train(train_sft, spec)
    assert summary["eval_loss"] < reporter.values[1]["loss"] - 0.5


CONVERSATION = {
    "prompt_id": 1,
    "prompt": [*user("Where is it?"), *reply("On its way."), *user("When?")],
    "completion": reply("Today."),
}


@pytest.mark.parametrize(
    ("loss_on", "expected"),
    [("completion", "Today.<|end|>"), ("assistant", "On its way.<|end|>Today.<|end|>")],
)
def test_loss_is_on_the_turns_asked_for(loss_on, expected, base_model, tmp_path):
    write_split(tmp_path, "train", [CONVERSATION])
    tokenizer = load_tokenizer(base_model)
    spec = SftTraining(loss_on=loss_on)
    (row,) = encode_demonstrations(tmp_path, "train", tokenizer, spec, tmp_path, Recorder())
    learned = tokenizer.decode([token for token in row["labels"] if token != LEARNED])
    assert learned == expected
    assert all(
        label in (LEARNED, token) for token, label in zip(row["input_ids"], row["labels"], strict=True)
    )


def test_turn_the_template_rewrites_later_has_no_loss(base_model, tmp_path):
    write_split(tmp_path, "train", [CONVERSATION])
    tokenizer = load_tokenizer(base_model)
    tokenizer.chat_template = (
        "{% for message in messages %}<|{{ message['role'] }}|>"
        "{{ message['content'] if loop.last or message['role'] == 'user' else 'earlier' }}<|end|>"
        "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
    )
    spec = SftTraining(loss_on="assistant")
    (row,) = encode_demonstrations(tmp_path, "train", tokenizer, spec, tmp_path, Recorder())
    assert tokenizer.decode([token for token in row["labels"] if token != LEARNED]) == "Today.<|end|>"
