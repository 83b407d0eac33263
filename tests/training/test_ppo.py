"""PPO as a run: processes, engines, sources of reward, settings, what it reports and what it stored once."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from pydantic import ValidationError
from safetensors.torch import load_file

from rlhf.specs import Lora, RemoteReward, VerifierReward
from rlhf.training import decoding, engines, ppo_math
from rlhf.training.engines import GenerateEngine, LoopEngine, choose
from rlhf.training.errors import TrainingError
from rlhf.training.modeling import load_tokenizer
from rlhf.training.ppo import train_ppo
from rlhf.training.ppo_models import Batch, Models, Row
from rlhf.training.ppo_state import Rollout
from rlhf.training.ppo_targets import Targets
from rlhf.training.rewards import RemoteSource, Rewards, VerifierSource, shape_scores
from rlhf.training.vllm_engine import merged_weights
from tests.training.ppo_parts import Recorder, batch_of, make_run, ppo_spec
from tests.training.tiny import user, write_split

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TIMED = ("tokens_per_second", "time/generation_share")


# Processes

PROCESSES = {"num_mini_batches": 2, "num_ppo_epochs": 2, "batch_size": 3, "kl_target": 0.1}
PROGRAM = """
import json, sys
from pathlib import Path
from accelerate import PartialState
from tests.training.ppo_parts import Recorder, ppo_spec
from rlhf.training.ppo import train_ppo

base, snapshot, output = map(Path, sys.argv[1:4])
reporter = Recorder()
train_ppo(ppo_spec(**json.loads(sys.argv[4])), model_path=base, reward_model_path=None,
          snapshot_dir=snapshot, output_dir=output, reporter=reporter)
if reporter.values:  # of the one process that reports
    (output / "values.json").write_text(json.dumps(reporter.values))
PartialState().destroy_process_group()  # an interpreter that ends with gloo's threads running aborts
"""


def test_two_processes_do_what_one_does(base_model, snapshot, tmp_path):
    alone = Recorder()
    train_ppo(
        ppo_spec(**PROCESSES),
        model_path=base_model,
        reward_model_path=None,
        snapshot_dir=snapshot,
        output_dir=tmp_path / "one",
        reporter=alone,
    )
    (tmp_path / "program.py").write_text(PROGRAM)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    arguments = [tmp_path / "program.py", base_model, snapshot, tmp_path / "two", json.dumps(PROCESSES)]
    done = subprocess.run(
        [*launch, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    together = json.loads((tmp_path / "two" / "values.json").read_text())
    assert together.keys() == {str(step) for step in alone.values}
    for step, values in alone.values.items():
        for name in values.keys() - set(TIMED):
            assert together[str(step)][name] == pytest.approx(values[name], rel=2e-3, abs=2e-4), name
    first, second = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("one", "two"))
    for name, weights in first.items():
        torch.testing.assert_close(second[name], weights, atol=2e-4, rtol=0)


# Engines


@pytest.fixture
def drawing(base_model, snapshot, tmp_path):
    run = make_run(ppo_spec(), base_model, snapshot, tmp_path)

    def make(kind, **changes):
        settings = {
            "temperature": 0.8,
            "max_new_tokens": 40,
            "stop_ids": [2, *range(300, 306)],  # so that rows end at different times
            "pad_token_id": 0,
            **changes,
        }
        return kind(run.models.sampler, **settings)

    prompts = [one.ids for one in run._draw_prompts()]
    return make, [ids[: len(ids) - 2 * (n % 4)] for n, ids in enumerate(prompts)]


def test_both_engines_draw_the_same_completions(drawing):
    make, prompts = drawing
    seeds = list(range(100, 116))
    loop, generate = (make(kind).generate(prompts, seeds) for kind in (LoopEngine, GenerateEngine))
    assert [one.ids for one in loop] == [one.ids for one in generate]
    assert [one.finished for one in loop] == [one.finished for one in generate]
    for first, second in zip(loop, generate, strict=True):
        assert first.logprobs == pytest.approx(second.logprobs, abs=1e-4)
    assert len({len(one.ids) for one in loop}) > 3
    assert {one.finished for one in loop} == {True, False}


@pytest.mark.parametrize(
    "where",
    ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="GPU"))],
)
def test_fixed_shapes_draw_the_same_completions(drawing, monkeypatch, where):
    """As a step is recorded on a GPU: past the end of a stretch, and with rows that leave the batch."""
    make, prompts = drawing
    drawn = {}
    for fixed in (False, True):
        monkeypatch.setattr(engines, "Decoder", functools.partial(decoding.Decoder, fixed=fixed))
        monkeypatch.setattr(decoding, "STRETCH", 16)
        engine = make(LoopEngine)
        engine.model.to(where)
        drawn[fixed] = engine.generate(prompts, list(range(16)))
    for plain, other in zip(drawn[False], drawn[True], strict=True):
        assert other.ids == plain.ids
        assert other.finished == plain.finished
        assert other.logprobs == pytest.approx(plain.logprobs, abs=1e-4)
    assert len({len(one.ids) for one in drawn[True]}) > 3


def test_continuous_batching_believes_what_the_trainer_does(base_model, snapshot, tmp_path):
    run = make_run(
        ppo_spec(engine="continuous_batching", rollout_batch_size=4, temperature=0.7, total_episodes=4),
        base_model,
        snapshot,
        tmp_path,
    )
    rollout, _ = run.collect()
    torch.testing.assert_close(rollout.sampler, rollout.logprobs, atol=1e-4, rtol=0)
    assert run.collect()[0].rows == rollout.rows


def test_vllm_is_asked_for_only_when_it_is_chosen(base_model, snapshot, tmp_path):
    if importlib.util.find_spec("vllm"):
        pytest.skip("vLLM is installed here")
    with pytest.raises(TrainingError, match="needs vLLM on the worker's machine"):
        make_run(ppo_spec(engine="vllm"), base_model, snapshot, tmp_path)


def test_other_engines_get_the_policy_with_its_adapters(base_model, snapshot, tmp_path):
    run = make_run(ppo_spec(lora=Lora(r=4), critic="adapter"), base_model, snapshot, tmp_path)
    with torch.no_grad():
        for parameter in [*run.policy.values(), *run.critic.values()]:
            parameter.add_(0.05)
    taken = {name: weight.clone() for name, weight in merged_weights(run.models.sampler)}
    run.models.save(tmp_path)
    saved = load_file(tmp_path / "model" / "model.safetensors")
    assert taken.keys() - {"lm_head.weight"} == saved.keys() - {"lm_head.weight"}
    for name in taken.keys() & saved.keys():
        torch.testing.assert_close(taken[name], saved[name])


def test_completion_depends_on_its_prompt_and_seed_alone(drawing):
    make, prompts = drawing
    seeds = list(range(100, 116))
    together = make(LoopEngine).generate(prompts, seeds)
    parts = make(LoopEngine, batch_size=5).generate(prompts, seeds)
    alone = [make(LoopEngine).generate([p], [s])[0] for p, s in zip(prompts[:4], seeds[:4], strict=True)]
    assert [one.ids for one in parts] == [one.ids for one in together]
    assert [one.ids for one in alone] == [one.ids for one in together[:4]]
    assert make(LoopEngine).generate(prompts, seeds[::-1]) != together


def test_rows_are_handed_over_as_they_end(drawing):
    make, prompts = drawing
    seeds = list(range(100, 116))
    whole = make(LoopEngine).generate(prompts, seeds)
    groups = list(make(LoopEngine).as_they_end(prompts, seeds))
    assert sorted(row for group in groups for row in group) == list(range(16))  # each once
    assert {row: one for group in groups for row, one in group.items()} == dict(enumerate(whole))
    assert len(groups) == 2
    assert 8 <= len(groups[0]) < 16  # when half of them had ended, those that had
    assert max(len(one.ids) for one in groups[0].values()) <= min(len(one.ids) for one in groups[1].values())
    assert all(one.finished for one in groups[0].values())
    in_batches = list(make(LoopEngine, batch_size=5).as_they_end(prompts, seeds))
    assert {row: one.ids for group in in_batches for row, one in group.items()} == {
        row: one.ids for row, one in enumerate(whole)
    }
    [at_once] = make(GenerateEngine).as_they_end(prompts, seeds)
    assert [at_once[row].ids for row in range(16)] == [one.ids for one in whole]


def test_chosen_tokens_follow_the_distribution():
    """20 000 draws of four tokens: each share within four standard errors."""
    probabilities = torch.tensor([0.5, 0.3, 0.0, 0.2])
    count = 20_000
    uniform = torch.rand(count, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    tokens, logprobs = choose(probabilities.log().expand(count, -1), uniform, temperature=1.0)
    shares = torch.bincount(tokens, minlength=4) / count
    errors = (probabilities * (1 - probabilities) / count).sqrt()
    assert ((shares - probabilities).abs() <= 4 * errors).all()
    torch.testing.assert_close(logprobs.exp(), probabilities[tokens])
    ends = choose(torch.zeros(2, 7), torch.tensor([0.0, 1.0], dtype=torch.float64), temperature=1.0)[0]
    assert ends.tolist() == [0, 6]


def test_logprobs_in_chunks_are_those_of_the_whole():
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(11, 8, generator=generator, requires_grad=True)
    head = torch.nn.Linear(8, 50, bias=False)
    tokens = torch.randint(0, 50, (11,), generator=generator)
    results = []
    for limit in (10_000, 150):
        logprobs, entropy = ppo_math.token_logprobs(hidden, head, tokens, temperature=0.7, max_logits=limit)
        gradient = torch.autograd.grad(logprobs.square().sum(), [hidden, head.weight])
        results.append((logprobs.detach(), entropy, *gradient))
    for whole, chunked in zip(*results, strict=True):
        torch.testing.assert_close(chunked, whole)
    expected = torch.distributions.Categorical(logits=head(hidden) / 0.7)
    torch.testing.assert_close(results[0][0], expected.log_prob(tokens))
    torch.testing.assert_close(results[0][1], expected.entropy())


# Sources of reward


@pytest.mark.parametrize(
    ("verifier", "argument", "good", "bad"),
    [
        ("valid_json", None, '{"a": [1]}', "{a: 1}"),
        ("json_schema", {"type": "object", "required": ["a"]}, '{"a": 1}', '{"b": 1}'),
        ("json_schema", {"type": "object"}, "{}", "no json"),
        ("regex", r"^\d+$", "123", "12a"),
        ("max_words", 3, "one two three", "one two three four"),
    ],
)
def test_rules_hold_or_do_not(verifier, argument, good, bad):
    source = VerifierSource(VerifierReward(verifier=verifier, argument=argument))
    assert source.score([user("x")] * 2, [good, bad], [True, True]) == [1.0, 0.0]


@pytest.mark.parametrize(
    ("verifier", "argument", "message"),
    [
        ("json_schema", None, "needs a JSON Schema"),
        ("json_schema", {"type": 3}, "schema of the verifier json_schema is none"),
        ("regex", "(", "cannot read its pattern"),
        ("regex", None, "needs a pattern"),
        ("max_words", -1, "must not be below 0"),
        ("max_words", "many", "needs a number of words"),
    ],
)
def test_rule_without_a_sound_argument_is_named(verifier, argument, message):
    with pytest.raises((TrainingError, ValidationError), match=message):
        VerifierSource(VerifierReward(verifier=verifier, argument=argument))


@pytest.fixture
def allows_private(monkeypatch):
    monkeypatch.setenv("RUN_ALLOW_PRIVATE", "1")


@pytest.fixture
def service(allows_private):
    """A service that answers as told: a list of (status, body made from the request)."""
    answers, requests = [], []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            requests.append(request)
            status, make = answers.pop(0) if len(answers) > 1 else answers[0]
            body = json.dumps(make(request)).encode()
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/score", answers, requests
    server.shutdown()
    server.server_close()


def by_length(request):
    return {"scores": [len(text) for text in request["completions"]]}


def test_service_scores_in_batches_and_is_asked_again(service):
    url, answers, requests = service
    answers += [(503, lambda request: {}), (429, lambda request: {}), (200, by_length)]
    waits: list[float] = []
    source = RemoteSource(RemoteReward(url=url, batch_size=2), sleep=waits.append)
    assert source.score([user("a")] * 3, ["x", "xy", "xyz"], [True, False, True]) == [1.0, 2.0, 3.0]
    assert waits == [0.5, 1.0]
    assert requests[-1] == {"prompts": [user("a")], "completions": ["xyz"], "finished": [True]}


@pytest.mark.parametrize(
    ("status", "body", "message", "num_requests"),
    [
        (500, {}, r"gave no scores: it answered 500\.", 3),
        (400, {}, r"gave no scores: it answered 400\.", 1),
        (200, {"scores": [1.0]}, "one finite number for each of the 2 completions", 1),
        (200, {"scores": ["x", "y"]}, "one finite number", 1),
        (200, {"score": 1}, "one finite number", 1),
    ],
)
def test_service_that_gives_no_scores_is_one_sentence(service, status, body, message, num_requests):
    url, answers, requests = service
    answers.append((status, lambda request: body))
    source = RemoteSource(RemoteReward(url=url, retries=2), sleep=lambda seconds: None)
    with pytest.raises(TrainingError, match=message):
        source.score([user("a")] * 2, ["x", "y"], [True, True])
    assert len(requests) == num_requests


def test_service_that_is_not_there_is_one_sentence(allows_private):
    source = RemoteSource(RemoteReward(url="http://127.0.0.1:9/", retries=1), sleep=lambda seconds: None)
    with pytest.raises(TrainingError, match=r"http://127\.0\.0\.1:9/ gave no scores"):
        source.score([user("a")], ["x"], [True])


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("127.0.0.1", "inside a private network: use a public address, or ask"),
        ("localhost", "inside a private network"),
        ("10.1.2.3", "inside a private network"),
        ("[::ffff:192.168.0.1]", "inside a private network"),
        ("169.254.169.254", "is at 169.254.169.254, which no run may ask"),
        ("[fd00:ec2::254]", "which no run may ask"),
        ("100.100.100.200", "which no run may ask"),
        ("0.0.0.0", "which no run may ask"),
    ],
)
def test_service_inside_the_house_is_not_asked(host, words):
    with pytest.raises(TrainingError, match=re.escape(words)):
        RemoteSource(RemoteReward(url=f"http://{host}/score"))


def test_metadata_stays_out_of_bounds_whatever_the_operator_allows(allows_private):
    RemoteSource(RemoteReward(url="http://10.1.2.3/score"))
    with pytest.raises(TrainingError, match="which no run may ask"):
        RemoteSource(RemoteReward(url="http://169.254.169.254/latest/meta-data"))


def test_a_redirect_is_not_followed(service):
    url, answers, requests = service
    answers.append((302, lambda request: {}))
    source = RemoteSource(RemoteReward(url=url, retries=0))
    with pytest.raises(TrainingError, match="it answered 302"):
        source.score([user("a")], ["x"], [True])
    assert len(requests) == 1


def test_sources_are_weighted_and_added():
    spec = ppo_spec(
        rewards=[
            VerifierReward(verifier="max_words", argument=1, weight=2.0),
            VerifierReward(verifier="max_words", argument=2, weight=-0.5),
        ]
    )
    rewards = Rewards.load(spec, None)
    scores = rewards.score([user("x")] * 3, ["a", "a b", "a b c"], [True] * 3)
    assert [rewards.total(one) for one in scores] == [1.5, -0.5, 0.0]
    assert scores[1] == {"max_words_0": 0.0, "max_words_1": 1.0}
    with pytest.raises(TrainingError, match="Nothing scores the completions"):
        Rewards.load(ppo_spec(rewards=[]), None)


def test_running_scores_are_standardised_by_all_so_far():
    spec, moments = ppo_spec(score_normalization="running"), ppo_math.RunningMoments()
    first, second = [1.0, 2.0, 6.0], [10.0, -4.0]
    shape_scores(first, [1] * 3, [True] * 3, spec=spec, moments=moments)
    shaped = shape_scores(second, [1] * 2, [True] * 2, spec=spec, moments=moments)
    seen = torch.tensor(first + second)
    assert moments.mean == pytest.approx(seen.mean().item())
    assert moments.std == pytest.approx(seen.std().item())
    assert shaped == pytest.approx(((torch.tensor(second) - seen.mean()) / seen.std()).tolist())


# Settings


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"top_p": 0.9}, "top_p must be 1"),
        ({"num_mini_batches": 3}, r"rollout_batch_size \(16\) must be a multiple of num_mini_batches \(3\)"),
        ({"critic": "adapter"}, "critic: adapter needs lora"),
        ({"kl_coef": -1.0}, "greater than or equal to 0"),
        ({"max_length": 12}, r"max_length \(12\) leaves no room"),
    ],
)
def test_settings_that_cannot_go_together_are_named(changes, message):
    with pytest.raises(ValidationError, match=message):
        ppo_spec(**changes)


def test_prompts_that_are_too_long_are_named(base_model, snapshot, tmp_path):
    with pytest.raises(TrainingError, match="No prompt of the train split fits into 2 tokens"):
        make_run(ppo_spec(max_length=14), base_model, snapshot, tmp_path)
    # A model has no more positions than it has, whatever max_length says.
    write_split(tmp_path, "train", [{"prompt_id": 1, "prompt": user("word " * 400)}])
    with pytest.raises(TrainingError, match="fits into 244 tokens"):
        make_run(ppo_spec(max_length=2000), base_model, tmp_path, tmp_path)


def test_critic_of_other_tokens_is_refused(base_model, snapshot, tmp_path):
    import shutil

    from rlhf.training.modeling import load_reward_model, load_tokenizer, save_model

    other = shutil.copytree(base_model, tmp_path / "other")
    tokenizer = load_tokenizer(other)
    tokenizer.add_tokens(["<|new|>"])
    save_model(
        load_reward_model(other, tokenizer, dtype=torch.float32, new_head_seed=0), tokenizer, tmp_path / "rm"
    )
    with pytest.raises(TrainingError, match="splits text into other tokens"):
        train_ppo(
            ppo_spec(),
            model_path=base_model,
            reward_model_path=tmp_path / "rm",
            snapshot_dir=snapshot,
            output_dir=tmp_path,
            reporter=Recorder(),
        )
    make_run(
        ppo_spec(lora=Lora(r=2), critic="adapter"),
        base_model,
        snapshot,
        tmp_path,
        reward_folder=tmp_path / "rm",
    )


@pytest.mark.parametrize("changes", [{}, {"lora": Lora(r=4)}, {"lora": Lora(r=4), "critic": "adapter"}])
def test_a_run_starts_from_the_critic_of_an_earlier_one(base_model, snapshot, tmp_path, changes):
    """What the second run's critic says before it has learned is what the first one's said at its end."""
    from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

    arguments = {"model_path": base_model, "reward_model_path": None, "snapshot_dir": snapshot}
    spec = ppo_spec(**changes, total_episodes=16, critic_learning_rate=1e-2)
    train_ppo(spec, **arguments, output_dir=tmp_path / "first", reporter=Recorder())
    critic = tmp_path / "first" / "critic"
    tokenizer = load_tokenizer(base_model)
    fresh, warm = (
        Models.load(spec, folder=base_model, tokenizer=tokenizer, reward_folder=None, critic_folder=start)
        for start in (None, critic)
    )
    batch = Batch([Row([10, 11, 12], [13, 14, 15, 2])], pad_token_id=0)
    assert not torch.allclose(fresh.values(batch), warm.values(batch))
    if "critic" in changes:
        head = load_file(critic / "value_head.safetensors")
        base = AutoModelForCausalLM.from_pretrained(base_model)
        adapted = PeftModel.from_pretrained(base, critic).base_model.model.model
        states = adapted(input_ids=batch.input_ids).last_hidden_state
        expected = (states @ head["weight"].T + head["bias"])[0, :, 0]
    else:
        plain = AutoModelForSequenceClassification.from_pretrained(critic)
        states = plain.base_model(input_ids=batch.input_ids).last_hidden_state
        expected = plain.score(states)[0, :, 0]
    assert torch.allclose(warm.values(batch), expected[batch.positions_N], atol=1e-5)
    train_ppo(spec, **arguments, output_dir=tmp_path / "second", reporter=Recorder(), critic_path=critic)


def test_a_critic_of_other_adapters_is_refused(base_model, snapshot, tmp_path):
    arguments = {"model_path": base_model, "reward_model_path": None, "snapshot_dir": snapshot}
    spec = ppo_spec(lora=Lora(r=4), critic="adapter", total_episodes=16)
    train_ppo(spec, **arguments, output_dir=tmp_path / "first", reporter=Recorder())
    other = ppo_spec(lora=Lora(r=2), critic="adapter", total_episodes=16)
    with pytest.raises(TrainingError, match="has other adapters than this run"):
        train_ppo(
            other,
            **arguments,
            output_dir=tmp_path / "second",
            reporter=Recorder(),
            critic_path=tmp_path / "first" / "critic",
        )


def test_early_stop_leaves_the_rollout(base_model, snapshot, tmp_path):
    run = make_run(ppo_spec(target_kl=1e-4, learning_rate=1e-2), base_model, snapshot, tmp_path)
    run.train()
    assert run.state.policy_version < 8
    assert sorted(run.reporter.values) == [4, 8]  # steps left out count as taken


def test_diverging_training_fails_at_once(base_model, snapshot, tmp_path):
    run = make_run(ppo_spec(learning_rate=1e30, max_grad_norm=1e30), base_model, snapshot, tmp_path)
    with pytest.raises(TrainingError, match=r"Training diverged: .* Lower learning_rate"):
        run.train()


# What it reports and leaves

TRL_NAMES = {
    "objective/kl", "objective/entropy", "objective/non_score_reward", "objective/rlhf_reward",
    "objective/scores", "policy/approxkl_avg", "policy/clipfrac_avg", "loss/policy_avg",
    "loss/value_avg", "val/clipfrac_avg", "policy/entropy_avg", "val/ratio", "val/ratio_var",
    "val/num_eos_tokens", "lr", "episode",
}  # fmt: skip


def test_metrics_have_the_names_people_know(base_model, snapshot, tmp_path):
    from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

    reporter = Recorder()
    summary = train_ppo(
        ppo_spec(),
        model_path=base_model,
        reward_model_path=None,
        snapshot_dir=snapshot,
        output_dir=tmp_path,
        reporter=reporter,
    )
    assert sorted(reporter.values) == [4, 8]
    ours = {"val/explained_variance", "objective/kl_coef", "completions/clipped_ratio", *TIMED}
    assert reporter.values[4].keys() >= TRL_NAMES | ours
    assert abs(reporter.values[4]["objective/kl"]) < 1e-6  # it starts as its reference
    assert reporter.values[4]["episode"] == 16
    assert summary["num_prompts"] == 60
    AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    AutoModelForSequenceClassification.from_pretrained(tmp_path / "critic")


# A rollout stored once (`python -m tests.training.store_rollout`), followed again token by token

STORED = HERE / "data" / "ppo_rollout.safetensors"


def test_stored_rollout_is_reproduced(snapshot, tmp_path):
    from tests.training.store_rollout import SPEC, expected_tensors, stored_run

    run = stored_run(snapshot, tmp_path)
    rollout = Rollout.load(STORED, torch.device("cpu"))
    batch = batch_of(run, rollout.rows)
    found = {
        "logprobs": run.models.logprobs(batch)[0],
        "reference": run.models.reference_logprobs(batch),
        "values": run.models.values(batch),
    }
    for name, column in found.items():
        stored = getattr(rollout, name)[rollout.mask]
        torch.testing.assert_close(column, stored, atol=1e-5, rtol=1e-5)
    stored_results = load_file(STORED.with_name("ppo_targets.safetensors"))
    results = expected_tensors(run, rollout)
    for one in (results, stored_results):
        one["sums"] /= rollout.mask.sum()  # a sum of so many tokens is rounded in its fifth place
    for name, tensor in results.items():
        torch.testing.assert_close(tensor, stored_results[name], atol=1e-5, rtol=1e-5)
    assert Targets(rollout, SPEC).advantages.abs().max() > 0.5
    assert STORED.stat().st_size < 100_000
