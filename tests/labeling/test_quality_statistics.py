"""Habits and reliability: planted ones are found, and none where there are none."""

from __future__ import annotations

import random
from itertools import count
from statistics import fmean

import numpy as np
import pytest

from fixtures.crowd import MEMBERS
from fixtures.dialogues import make_prompts, make_reply
from labeling.quality import reliability
from labeling.quality.estimates import wilson
from labeling.quality.habits import Habits, Known, habits, size_of
from labeling.quality.outcomes import Judged, is_gold_answer, outcomes_of, same_share, task_agreement
from labeling.quality.reliability import dawid_skene, noisy_bradley_terry
from labeling.services.quality_figures import reliability_of

pytestmark = pytest.mark.once


def said(annotator: int, tiers, order, *, task=1, number=0, seconds=None, **fields) -> Judged:
    row = {
        "id": number,
        "task_id": task,
        "prompt_id": task,
        "annotator_id": annotator,
        "arm": "random",
        "repeats_id": None,
        "tiers": tiers,
        "verdict": "none",
        "strengths": [],
        "criteria": {},
        "order": order,
        "active_seconds": seconds,
    }
    return Judged(**(row | fields))


def habits_by(judged: list[Judged], *, characters=lambda id: 100, **known) -> dict[int, Habits]:
    ids = {id for one in judged for id in one.order}
    sizes = {id: size_of("word " * (characters(id) // 5)) for id in ids}
    prompts = {one.prompt_id: size_of("a question") for one in judged}
    known = {"gold": {}, "said_first": {}, "originals": {}, **known}
    return {one.annotator_id: one for one in habits(judged, responses=sizes, prompts=prompts, **known)}


def simulate(seed: int, *, first: float = 0.5, longer: float = 0.5, n: int = 600) -> list[Judged]:
    """Annotator 1 takes the first shown, or the longer one, with the given probability more or less;
    annotator 2 has no habit. Response 2k is longer than response 2k + 1."""
    rng = random.Random(seed)
    judged = []
    for task in range(n):
        order = [2 * task, 2 * task + 1]
        rng.shuffle(order)
        long_one = 2 * task
        by_place = order[0] if rng.random() < first else order[1]
        by_length = long_one if rng.random() < longer else long_one + 1
        biased = by_place if first != 0.5 else by_length
        for annotator, winner in ((1, biased), (2, rng.choice(order))):
            loser = next(id for id in order if id != winner)
            judged.append(said(annotator, [[winner], [loser]], order, task=task))
    return judged


# --- what two judgments share ----------------------------------------------------------


def test_outcomes_name_the_winner_of_each_pair_whichever_way_round():
    assert outcomes_of([[3], [1, 2]], [2]) == {(1, 2): 0, (1, 3): -2, (2, 3): -2}
    assert outcomes_of([[1], [2]]) == {(1, 2): 1}


def test_agreement_on_a_task_is_the_mean_over_pairs_of_judgments():
    one, same, other = (
        outcomes_of([[1], [2]], [1]),
        outcomes_of([[1], [2]], [3]),
        outcomes_of([[2], [1]], [1]),
    )
    assert same_share(one, same) == 1
    assert task_agreement([one, same, other]) == pytest.approx(1 / 3)
    assert task_agreement([one]) is None


@pytest.mark.parametrize(
    ("tiers", "verdict", "right"),
    [
        ([[1], [2], [3]], "none", True),
        ([[1], [3], [2]], "none", True),  # the answer ties 2 and 3
        ([[1], [2, 3]], "none", True),
        ([[1, 2], [3]], "none", False),
        ([[2], [1], [3]], "none", False),
        ([], "cannot_judge", False),
    ],
)
def test_a_gold_answer_holds_people_to_what_it_decides(tiers, verdict, right):
    gold = {"gold_tiers": [[1], [2, 3]], "gold_verdict": "none"}
    assert is_gold_answer(**gold, tiers=tiers, verdict=verdict) is right


def test_a_verdict_as_gold_answer_wants_that_verdict():
    gold = {"gold_tiers": [[1, 2]], "gold_verdict": "both_bad"}
    assert is_gold_answer(**gold, tiers=[[1, 2]], verdict="both_bad")
    assert not is_gold_answer(**gold, tiers=[[1, 2]], verdict="both_good")


# --- habits ----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_a_planted_left_bias_is_found_and_only_where_it_is(seed):
    found = habits_by(simulate(seed, first=0.7))
    assert found[1].left_share.low > 0.5
    assert found[1].left_share.value == pytest.approx(0.7, abs=0.06)
    assert (found[1].left_share.method, found[1].left_share.n) == ("wilson", 600)


@pytest.mark.parametrize("seed", range(5))
def test_a_planted_length_bias_is_found_against_the_others(seed):
    found = habits_by(simulate(seed, longer=0.75), characters=lambda id: 200 if id % 2 == 0 else 100)
    assert found[1].longer_share.low > found[1].longer_share_of_others
    assert found[1].left_share.low < 0.5 < found[1].left_share.high


def test_where_there_is_no_habit_the_intervals_hold_one_half_as_often_as_they_say():
    covered = 0
    for seed in range(60):
        found = habits_by(simulate(seed, n=200), characters=lambda id: 200 if id % 2 == 0 else 100)
        covered += found[2].left_share.low <= 0.5 <= found[2].left_share.high
        covered += found[2].longer_share.low <= 0.5 <= found[2].longer_share.high
    assert covered >= 108  # of 120; 95 percent are 114


def test_long_rankings_weigh_as_much_as_pairs_and_are_resampled_whole():
    rng = random.Random(5)
    judged = []
    for task in range(80):
        order = list(range(task * 9, task * 9 + 9))
        ranking = rng.sample(order, 9)
        judged.append(said(1, [[id] for id in ranking], order, task=task))
    share = habits_by(judged)[1].left_share
    assert (share.method, share.n) == ("bootstrap", 80)
    assert share.low < 0.5 < share.high


def test_gold_accuracy_counts_right_answers_with_a_wilson_interval():
    judged = [said(1, [[2 * t], [2 * t + 1]], [2 * t, 2 * t + 1], task=t) for t in range(10)]
    gold = {t: Known([[2 * t], [2 * t + 1]] if t < 7 else [[2 * t + 1], [2 * t]], "none") for t in range(10)}
    assert habits_by(judged, gold=gold)[1].gold_accuracy == wilson(7, 10)
    assert habits_by(judged)[1].gold_accuracy.value is None
    first = {(1, 0): Known([[1], [0]], "none")}
    assert habits_by(judged, gold=gold, said_first=first)[1].gold_accuracy == wilson(6, 10)


def test_self_consistency_compares_a_repeat_with_what_the_same_person_said_before():
    originals = {(1, t): outcomes_of([[2 * t], [2 * t + 1]]) for t in range(4)}
    repeats = [
        said(1, [[2 * t], [2 * t + 1]] if t else [[1], [0]], [2 * t, 2 * t + 1], task=100 + t, repeats_id=t)
        for t in range(4)
    ]
    stranger = said(2, [[0], [1]], [0, 1], task=100, repeats_id=0)
    found = habits_by([*repeats, stranger], originals=originals)
    assert (found[1].self_consistency.value, found[1].self_consistency.n) == (0.75, 4)
    assert found[2].self_consistency.value is None


def test_who_answers_faster_than_anyone_reads_is_seen():
    judged = [said(1, [[1], [2]], [1, 2], task=t, seconds=1.0) for t in range(20)]
    judged += [said(2, [[1], [2]], [1, 2], task=t, seconds=60.0) for t in range(20)]
    found = habits_by(judged, characters=lambda id: 500)
    assert (found[1].too_fast_share.value, found[2].too_fast_share.value) == (1.0, 0.0)
    assert found[1].too_fast_share.low > 0.8
    assert (found[2].median_seconds.value, found[2].words_per_second.n) == (60.0, 20)


def test_a_text_without_spaces_has_words_too():
    assert size_of("語" * 300).words == 20
    assert size_of("one two three").words == 3


# --- reliability -----------------------------------------------------------------------


def crowd_at_work(num_tasks: int = 240, votes: int = 4) -> list[Judged]:
    """The demo's members, who are numbered by their place in MEMBERS, each pair seen both ways round."""
    rng = random.Random(11)
    numbers = count()
    judged = []
    for task, prompt in enumerate(make_prompts(num_tasks, seed=4)):
        texts = list(dict.fromkeys(make_reply(prompt, rng) for _ in range(6)))[:2]
        for place, member in enumerate(rng.sample(range(len(MEMBERS)), votes)):
            order = [0, 1] if (place + task) % 2 else [1, 0]
            shown = [texts[i] for i in order]
            ranking = MEMBERS[member].judge(prompt.messages, shown)
            ids = [2 * task + i for i in order]
            judged.append(
                said(
                    member,
                    [[ids[i] for i in tier] for tier in ranking.tiers],
                    ids,
                    task=task,
                    number=next(numbers),
                    seconds=MEMBERS[member].seconds_for(prompt.messages, shown),
                )
            )
    return judged


@pytest.fixture(scope="module")
def crowd_judgments() -> list[Judged]:
    return crowd_at_work()


CARELESS = next(i for i, member in enumerate(MEMBERS) if member.careless > 0.5)
ONE_SIDED = next(i for i, member in enumerate(MEMBERS) if member.first_bias > 0.2)


def test_dawid_skene_reveals_the_careless_member(crowd_judgments):
    found = reliability_of(crowd_judgments)["dawid_skene"]
    others = [one.value for member, one in found.items() if member not in (CARELESS, ONE_SIDED)]
    assert set(found) == set(range(len(MEMBERS)))
    assert found[CARELESS].high < min(others)
    assert found[CARELESS].n > 50


def test_noisy_bradley_terry_reveals_the_member_who_takes_the_first_shown(crowd_judgments):
    found = reliability_of(crowd_judgments)["noisy_bradley_terry"]
    assert min(found, key=lambda member: found[member].skill.value) in (ONE_SIDED, CARELESS)
    assert found[ONE_SIDED].skill.high < 1
    assert found[ONE_SIDED].first_share > 0.9
    assert found[ONE_SIDED].skill.low <= found[ONE_SIDED].skill.value <= found[ONE_SIDED].skill.high
    assert found[ONE_SIDED].flip == pytest.approx((1 - found[ONE_SIDED].skill.value) / 2)


def test_the_crowds_habits_show_in_the_figures(crowd_judgments):
    ids = {id for one in crowd_judgments for id in one.order}
    sizes = {id: size_of("word " * 40) for id in ids}
    prompts = {one.prompt_id: size_of("word " * 20) for one in crowd_judgments}
    rows = habits(crowd_judgments, gold={}, said_first={}, originals={}, responses=sizes, prompts=prompts)
    found = {one.annotator_id: one for one in rows}
    assert found[ONE_SIDED].left_share.low > 0.5
    careful = [one for member, one in found.items() if member not in (CARELESS, ONE_SIDED)]
    assert sum(one.left_share.low <= 0.5 <= one.left_share.high for one in careful) >= 5
    assert found[CARELESS].too_fast_share.value > 2 * fmean(o.too_fast_share.value or 0.0 for o in careful)


def test_the_repaired_gradient_is_that_of_crowd_kits_likelihood():
    from scipy.optimize import approx_fprime

    model = reliability._model_class()
    rng = np.random.default_rng(0)
    labels, workers, n = 12, 4, 60
    data = np.stack([rng.integers(1, 7, n), rng.integers(7, 13, n), np.zeros(n, dtype=int)], axis=1)
    data[:, 2] = np.where(rng.random(n) < 0.5, data[:, 0], data[:, 1])
    args = (data, rng.integers(0, workers, n), labels, workers, 0.1)
    x = rng.normal(size=1 + labels + 2 * workers)
    numeric = approx_fprime(x, lambda y: model._compute_log_likelihood(y, *args), 1e-6)
    assert model._compute_gradient(x, *args) == pytest.approx(numeric, abs=1e-3)


def test_fitting_leaves_the_processes_random_numbers_alone(crowd_judgments):
    np.random.seed(7)
    expected = np.random.random()
    np.random.seed(7)
    reliability_of(crowd_judgments[:200])
    assert np.random.random() == expected


def test_no_votes_give_no_reliability():
    assert (dawid_skene([]), noisy_bradley_terry([])) == ({}, {})
    assert reliability_of([said(1, [[1], [2]], [1, 2])]) == {"dawid_skene": {}, "noisy_bradley_terry": {}}
