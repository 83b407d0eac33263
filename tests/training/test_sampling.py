from __future__ import annotations

import shutil
from collections import Counter

import pytest
import torch
from transformers import LlamaForCausalLM

from rlhf.specs import Sampling
from rlhf.training.data import PromptRow
from rlhf.training.engines import LoopEngine, choose, uniforms
from rlhf.training.errors import Cancelled, TrainingError
from rlhf.training.reporting import ConsoleReporter
from rlhf.training.sampling import sample
from tests.training.tiny import reply, user

PROMPTS = [
    PromptRow(number, user("Where is my parcel? " + "Please answer. " * (number % 4))) for number in range(9)
]
SPEC = Sampling(max_new_tokens=12, batch_size=4)


def run(model, prompts=PROMPTS, spec=SPEC, num_responses=2, seed=3, reporter=None):
    return sample(
        spec,
        model=model,
        prompts=prompts,
        num_responses=num_responses,
        seed=seed,
        reporter=reporter or ConsoleReporter(),
    )


def test_same_seed_gives_the_same_replies(base_model):
    first = run(base_model)
    assert first == run(base_model)
    assert first != run(base_model, seed=4)
    assert all(one.text != two.text for one, two in first)


def test_neighbours_do_not_change_a_reply(base_model):
    together = run(base_model)
    alone = [run(base_model, prompts=[prompt])[0] for prompt in PROMPTS]
    assert together == alone


def test_all_tokens_can_be_sampled_whatever_the_model_declares(base_model, tmp_path):
    greedy = shutil.copytree(base_model, tmp_path / "greedy")
    (greedy / "generation_config.json").write_text('{"do_sample": true, "top_k": 1, "temperature": 0.01}')
    texts = {pair[0].text for pair in run(greedy, num_responses=1)}
    assert len(texts) == len(PROMPTS)


def test_narrow_sampling_repeats_itself(base_model):
    spec = SPEC.model_copy(update={"temperature": 0.001})
    assert all(one.text == two.text for one, two in run(base_model, spec=spec))
    spec = SPEC.model_copy(update={"top_p": 0.0001})
    assert all(one.text == two.text for one, two in run(base_model, spec=spec))


def test_reply_stops_or_is_cut(base_model):
    replies = [
        one for pair in run(base_model, spec=SPEC.model_copy(update={"max_new_tokens": 150})) for one in pair
    ]
    finishes = Counter(one.finish for one in replies)
    assert finishes["stop"]
    assert all(one.num_tokens == 150 for one in replies if one.finish == "length")
    assert all(one.num_tokens <= 150 for one in replies)
    assert all("<|" not in one.text for one in replies)


def test_draws_follow_the_softmax_and_top_p():
    """10 000 draws of four tokens: each share within four standard errors."""
    probabilities, rows = torch.tensor([0.5, 0.3, 0.15, 0.05]), 10_000
    uniform = uniforms(range(rows), 1)[:, 0]
    for top_p, kept in ((1.0, 4), (0.7, 2)):
        logits = probabilities.log().expand(rows, -1)
        tokens, logprobs = choose(logits, uniform, temperature=1.0, top_p=top_p)
        wanted = probabilities[:kept] / probabilities[:kept].sum()
        shares = torch.bincount(tokens, minlength=4) / rows
        errors = (wanted * (1 - wanted) / rows).sqrt()
        assert ((shares[:kept] - wanted).abs() < 4 * errors).all()
        assert not shares[kept:].any()
        torch.testing.assert_close(logprobs, wanted.log()[tokens])


def test_a_model_with_a_state_is_sampled_by_generate(base_model, monkeypatch):
    """It draws the same numbers, so the replies are the same."""
    ours = run(base_model)
    monkeypatch.setattr(LlamaForCausalLM, "_is_stateful", True)
    monkeypatch.delattr(LoopEngine, "_generate")
    assert run(base_model) == ours


def test_prompt_that_does_not_fit_is_named(base_model):
    long = PromptRow(41, user("word " * 400))
    with pytest.raises(TrainingError, match=r"Prompt 41 has .* exceeds the 256 positions"):
        run(base_model, prompts=[*PROMPTS, long])


def test_cancelled_sampling_stops_between_batches(base_model):
    class Impatient(ConsoleReporter):
        def raise_if_cancelled(self):
            raise Cancelled

    with pytest.raises(Cancelled):
        run(base_model, reporter=Impatient())


def test_conversation_of_several_turns_is_answered(base_model):
    prompt = PromptRow(1, [*user("Where is it?"), *reply("On its way."), *user("When?")])
    ((first,),) = run(base_model, prompts=[prompt], num_responses=1)
    assert first.num_tokens > 0
