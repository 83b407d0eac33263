from __future__ import annotations

import re
import threading

import pytest
from pydantic import ValidationError

from rlhf.specs import SPECS, Endpoint, SampleSpec, Sampling
from rlhf.training.best_of_n import sample_best
from rlhf.training.data import Completion, PromptRow
from rlhf.training.endpoint import ask, key_of
from rlhf.training.errors import Cancelled, TrainingError
from rlhf.training.evaluation import evaluate
from rlhf.training.sampling import sample
from rlhf.training.scoring import Scorer
from tests.training.chat_server import completion, serve_chat
from tests.training.tiny import Recorder, reply, user

PROMPTS = [PromptRow(number, user(f"Question {number}")) for number in range(20)]
SPEC = Sampling(max_new_tokens=12, batch_size=4, temperature=0.7, top_p=0.9)
ONE_BY_ONE = SPEC.model_copy(update={"batch_size": 1})


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("RUN_ALLOW_PRIVATE", "1")
    with serve_chat() as server:
        yield server


def served_by(server, **changes):
    return Endpoint(**{"url": server.url, "model": "tuned", **changes})


def ask_for(server, prompts=PROMPTS, spec=SPEC, *, num_responses=2, seed=3, reporter=None, **changes):
    return ask(
        served_by(server, **changes),
        spec,
        prompts=prompts,
        num_responses=num_responses,
        seed=seed,
        reporter=reporter or Recorder(),
        sleep=lambda seconds: None,
    )


def test_every_reply_is_asked_for_with_the_settings_and_a_seed_of_its_own(server):
    replies = ask_for(server)
    assert [own[0].text.rpartition(" ")[0] for own in replies] == [f"Question {n}" for n in range(20)]
    assert all(one == Completion(one.text, 7, "stop") for own in replies for one in own)
    first = next(one for one in server.requests if one["messages"] == PROMPTS[0].messages)
    settings = {"model": "tuned", "temperature": 0.7, "top_p": 0.9, "max_tokens": 12}
    assert {name: first[name] for name in settings} == settings
    assert first.keys() == {*settings, "messages", "seed"}
    seeds = {one["seed"] for one in server.requests}
    assert len(seeds) == 40
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert set(server.paths) == {"/v1/chat/completions"}
    assert set(server.keys) == {None}


def test_replies_to_as_many_prompts_as_a_batch_has_are_asked_for_together(server):
    server.together = threading.Barrier(8)  # two replies to each of four prompts
    ask_for(server)
    assert len(server.requests) == 40
    assert server.most_at_once == 8


def test_the_same_seed_asks_the_same_whatever_else_is_asked(server):
    assert ask_for(server)[4:6] == ask_for(server, PROMPTS[4:6], spec=ONE_BY_ONE)
    assert ask_for(server, seed=4)[0] != ask_for(server)[0]


def test_a_reply_that_the_server_cut_or_did_not_count_is_told(server):
    server.answers += [
        (200, {}, completion("one two", "length", usage={"completion_tokens": 12})),
        (200, {}, completion("one two three", "content_filter")),
        (200, {}, completion(None)),
    ]
    prompts = PROMPTS[:3]
    replies = ask_for(server, prompts, ONE_BY_ONE, num_responses=1)
    assert [own[0] for own in replies] == [
        Completion("one two", 12, "length"),
        Completion("one two three", 3, "length"),
        Completion("", 0, "stop"),
    ]


def test_what_may_pass_is_asked_again_when_the_server_says(server):
    server.answers += [(429, {"Retry-After": "7"}, {}), (503, {}, {}), (500, {"Retry-After": "4000"}, {})]
    pauses: list[float] = []
    arguments = {"prompts": PROMPTS[:1], "num_responses": 1, "seed": 0, "reporter": Recorder()}
    replies = ask(served_by(server), SPEC, **arguments, sleep=pauses.append)
    assert replies[0][0].finish == "stop"
    assert pauses == [7.0, 1.0, 60.0]


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (
            404,
            {"error": {"message": "The model `tuned` does not exist."}},
            r"completions gave no reply to prompt 0: it answered 404 \(The model `tuned` does not exist\)\.",
        ),
        (401, {"error": "no key"}, r"gave no reply to prompt 0: it answered 401 \(no key\)\."),
        (400, {"detail": "One model only."}, r"it answered 400 \(One model only\)\."),
        (403, {"error": {"code": 7}, "detail": ["no"]}, r"it answered 403\."),
        (302, {}, r"it answered 302\."),
        (200, {"text": "hello"}, "must answer as OpenAI's chat completions do"),
        (200, {"choices": []}, "must answer as OpenAI's chat completions do"),
        (200, completion(["parts"]), "must answer as OpenAI's chat completions do"),
        (200, [1], "must answer as OpenAI's chat completions do"),
    ],
)
def test_an_answer_that_will_not_get_better_ends_the_run_in_one_sentence(server, status, body, message):
    server.answers.append((status, {}, body))
    with pytest.raises(TrainingError, match=message):
        ask_for(server, num_responses=1, spec=ONE_BY_ONE)
    # What waits is not asked; what was under way may be.
    assert len(server.requests) < 4


def test_a_server_that_is_not_there_is_one_sentence(server):
    with pytest.raises(TrainingError, match=r"endpoint http://127\.0\.0\.1:9/v1/chat/comp.* gave no reply"):
        ask_for(server, url="http://127.0.0.1:9/v1", retries=1)


def test_a_server_inside_the_house_is_asked_only_where_the_operator_says_so(server, monkeypatch):
    monkeypatch.delenv("RUN_ALLOW_PRIVATE")
    with pytest.raises(
        TrainingError, match=r"The endpoint http://127\.0\.0\.1.* is inside a private network"
    ):
        ask_for(server)
    assert not server.requests


def test_a_key_goes_to_its_own_address_alone(server, monkeypatch):
    monkeypatch.setenv("ENDPOINT_KEYS", f"https://models.example.com=far, {server.url}=a=b")
    ask_for(server, PROMPTS[:1])
    assert set(server.keys) == {"Bearer a=b"}
    assert key_of("https://models.example.com:443/v2") == "far"
    for other in (
        "http://models.example.com",
        "https://models.example.com:8443",
        "https://models.example.com.evil.example",
        "https://evil.example/models.example.com",
    ):
        assert key_of(other) is None


@pytest.mark.parametrize("keys", ["hush", "models.example.com=hush", "https://a.example=", "http://a:b=hush"])
def test_keys_without_their_address_are_the_operators_to_correct(keys, monkeypatch):
    monkeypatch.setenv("ENDPOINT_KEYS", keys)
    with pytest.raises(TrainingError, match="ENDPOINT_KEYS must be addresses with their keys") as told:
        key_of("https://b.example")
    assert "hush" not in str(told.value)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a/v1",
        "http://",
        "http://user:word@a/v1",
        "http://a:99999/v1",
        "http://a:x/v1",
        "http://a/v1?key=x",
    ],
)
def test_an_address_that_cannot_be_asked_is_refused_at_launch(url):
    with pytest.raises(ValidationError, match="url"):
        SampleSpec(model="a", endpoint={"url": url, "model": "m"})


def test_only_what_needs_texts_alone_takes_one():
    assert {kind for kind, spec in SPECS.items() if "endpoint" in spec.model_fields} == {"sample", "evaluate"}


def test_a_cancelled_run_asks_no_further(server):
    class Stopped(Recorder):
        def raise_if_cancelled(self):
            raise Cancelled

    with pytest.raises(Cancelled):
        ask_for(server, PROMPTS * 20, ONE_BY_ONE, reporter=Stopped())
    assert len(server.requests) < 20


def test_best_of_n_and_evaluation_take_their_replies_from_it(server, base_model, reward_model):
    shared = {"prompts": PROMPTS[:5], "seed": 3, "reporter": Recorder()}
    drawn = sample(SPEC, model=served_by(server), num_responses=6, **shared)
    best = sample_best(
        SPEC, n=3, model=served_by(server), reward_model_path=reward_model, num_responses=2, **shared
    )
    scorer = Scorer.load(reward_model, batch_size=8)
    for prompt, own, kept in zip(PROMPTS[:5], drawn, best, strict=True):
        scores = scorer.score([prompt.messages] * 6, [reply(one.text) for one in own], [True] * 6)
        assert [one.reward for one in kept] == pytest.approx([max(scores[:3]), max(scores[3:])], abs=1e-4)
    replies = evaluate(
        SPEC, models={1: served_by(server), 2: base_model}, reward_model_path=reward_model, **shared
    )
    by_model = [(one.model, bool(re.match(r"Question \d+ \d+$", one.completion.text))) for one in replies]
    assert by_model == [(1, True), (2, False)] * 5
