"""Gold and hidden repeats: at their rate, like any other task, and kept apart from the rest."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from labeling.core.errors import Conflict
from labeling.models import Assignment, GoldAnswer, Slot, Task
from labeling.quality.outcomes import is_gold_answer
from labeling.queue_rules import QueueRules
from labeling.services import assignments, gold
from tests.labeling.factories import NOON, fill_queue, judge, next_of
from tests.labeling.racing import check_invariants
from tests.labeling.test_queue_api import submit, take

AB = [["A"], ["B"]]


def set_rules(project, **rules) -> None:
    project.queue_rules = QueueRules(**rules).dump()
    project.save()


def make_gold(project, lena, num: int = 1, *, feedback: bool = False) -> list[Task]:
    batch = fill_queue(project, num, word="Known").batch
    tasks = list(batch.tasks.order_by("pk"))
    for task in tasks:
        gold.set_gold_by_letters(
            actor=lena,
            project=project,
            task_id=task.pk,
            tiers=[["A"], ["B"]],
            now=NOON,
            feedback=feedback,
            explanation="A answers the question.",
        )
    return tasks


def work(user, project, num: int) -> list[Assignment]:
    done = []
    for second in range(num):
        now = NOON + timedelta(seconds=second)
        held = next_of(user, project, now=now)
        if not held:
            break
        judge(user, held[0], now=now)
        done.append(held[0])
    return done


# --- gold --------------------------------------------------------------------------------


def test_a_gold_task_leaves_the_ordinary_queue(project, bob, lena):
    make_gold(project, lena)
    assert assignments.next_assignments(user=bob, project=project, count=1, now=NOON).reason == "empty"
    assert Task.objects.get().arm == "gold"


@pytest.mark.once
def test_gold_comes_at_its_rate_and_once_to_each_person(project, bob, carol, lena):
    make_gold(project, lena, 40)
    fill_queue(project, 200, overlap=2)
    set_rules(project, gold_every=5)
    for person in (bob, carol):
        done = work(person, project, 150)
        golds = [one.task_id for one in done if one.task.arm == "gold"]
        assert 15 < len(golds) < 45  # 30 expected
        assert len(set(golds)) == len(golds)
    check_invariants()


@pytest.mark.once
def test_two_people_are_tested_at_different_moments(project, bob, carol, lena):
    make_gold(project, lena, 20)
    fill_queue(project, 100, overlap=2)
    set_rules(project, gold_every=5)
    places = [
        [number for number, one in enumerate(work(person, project, 40)) if one.task.arm == "gold"]
        for person in (bob, carol)
    ]
    assert places[0] != places[1]


def test_who_set_the_answer_is_not_asked(project, lena):
    make_gold(project, lena, 3)
    set_rules(project, gold_every=1)
    assert not next_of(lena, project)


def test_a_prefetched_gold_looks_like_its_neighbours(project, as_bob, lena):
    make_gold(project, lena, 10)
    fill_queue(project, 40)
    set_rules(project, gold_every=3)
    shown = take(as_bob, count=10)
    arms = dict(Assignment.objects.values_list("pk", "task__arm"))
    kinds = {arm: [] for arm in ("gold", "random")}
    for one in shown:
        kinds[arms[UUID(one["id"])]].append(one)
    assert all(kinds.values())
    for one in shown:
        assert set(one) == set(kinds["random"][0])
        assert one["lease_token"] == kinds["random"][0]["lease_token"]
    assert take(as_bob, count=10) == [
        {**one, "expires_at": again["expires_at"]}
        for one, again in zip(shown, take(as_bob, count=10), strict=True)
    ]


def test_silent_gold_says_nothing_and_open_gold_says_it_after_submitting(project, as_bob, lena):
    [task] = make_gold(project, lena, feedback=True)
    set_rules(project, gold_every=1)
    [assignment] = take(as_bob)
    places = {place["response"]: place["key"] for place in Assignment.objects.get().presented}
    [[best], [worst]] = GoldAnswer.objects.get().tiers
    said = submit(as_bob, assignment, tiers=[[places[worst]], [places[best]]]).json()
    assert said["feedback"] == {
        "right": False,
        "tiers": [[places[best]], [places[worst]]],
        "explanation": "A answers the question.",
    }
    GoldAnswer.objects.update(feedback=False)
    assert submit(as_bob, assignment, tiers=[[places[best]], [places[worst]]]).json()["feedback"] is None
    assert task.pk == Task.objects.get().pk


def test_a_retired_answer_is_asked_no_more(project, bob, lena):
    [task] = make_gold(project, lena)
    set_rules(project, gold_every=1)
    gold.retire_gold(actor=lena, project=project, task_id=task.pk, now=NOON)
    assert not next_of(bob, project)


def test_a_gold_lease_that_ran_out_goes_to_nobody_else(project, bob, carol, lena):
    make_gold(project, lena)
    set_rules(project, gold_every=1)
    [held] = next_of(bob, project)
    set_rules(project)
    assert not next_of(carol, project, now=NOON + timedelta(hours=1))
    assert [one.pk for one in next_of(bob, project, now=NOON + timedelta(hours=1))] == [held.pk]


def test_gold_is_set_and_retired_over_http(project, as_lena, as_bob):
    fill_queue(project, 1)
    url = f"/api/projects/support/tasks/{Task.objects.get().pk}/gold"
    body = {"tiers": [["B"], ["A"]], "verdict": "none", "feedback": True, "explanation": "Because."}
    assert as_bob.put(url, body, format="json").status_code == 403
    shown = as_lena.put(url, body, format="json").json()
    assert (shown["gold"], shown["arm"]) == (body, "gold")
    assert as_lena.put(url, {"tiers": [["B"]]}, format="json").status_code == 400
    assert as_lena.put(url, {"tiers": [["A", "B"]]}, format="json").json()["gold"]["tiers"] == [["A", "B"]]
    assert as_lena.delete(url).status_code == 204
    assert as_lena.delete(url).status_code == 404


@pytest.mark.parametrize(
    ("answer", "said", "right"),
    [
        ([[1], [2]], [[1], [2]], True),
        ([[1], [2]], [[2], [1]], False),
        ([[1], [2]], [[1, 2]], False),
        ([[1, 2]], [[1, 2]], True),
        ([[1, 2]], [[1], [2]], False),
        ([[1], [2, 3]], [[1], [3], [2]], True),
        ([[1], [2, 3]], [[1, 3], [2]], False),
        ([[1], [2]], [], False),
    ],
)
def test_what_counts_as_right(answer, said, right):
    assert is_gold_answer(gold_tiers=answer, gold_verdict="none", tiers=said, verdict="none") is right


# --- repeats -----------------------------------------------------------------------------


@pytest.mark.once
def test_a_repeat_asks_the_same_the_other_way_round_after_enough_others(project, bob, carol):
    fill_queue(project, 60)
    set_rules(project, repeat_every=4, repeat_after=10)
    done = work(bob, project, 60)
    repeats = [(place, one) for place, one in enumerate(done) if one.task.arm == "repeat"]
    assert 4 <= len(repeats) <= 24
    by_task = {one.task_id: (place, one) for place, one in enumerate(done)}
    originals = [one.task.repeats_id for _, one in repeats]
    assert len(set(originals)) == len(originals)
    for place, one in repeats:
        first_place, first = by_task[one.task.repeats_id]
        assert place - first_place > 10
        order, first_order = ([p["response"] for p in a.presented] for a in (one, first))
        assert order == first_order[::-1]
    check_invariants()
    hers = work(carol, project, 20)
    assert not {one.task_id for one in hers if one.task.arm == "repeat"} & by_task.keys()


@pytest.mark.once
def test_repeats_are_no_task_of_their_own_in_the_counts(project, bob):
    from labeling.selectors.counts import counts

    fill_queue(project, 30)
    set_rules(project, repeat_every=2, repeat_after=3)
    done = work(bob, project, 20)
    now = counts(project_id=project.pk, now=NOON)
    num_repeats = sum(one.task.arm == "repeat" for one in done)
    assert num_repeats
    assert (now["tasks"], now["slots_done"], now["judgments"]) == (30, 20 - num_repeats, 20)


def test_a_repeat_cannot_become_gold(project, bob, lena):
    fill_queue(project, 30)
    set_rules(project, repeat_every=1, repeat_after=1)
    work(bob, project, 6)
    repeat = Task.objects.filter(arm="repeat").first()
    with pytest.raises(Conflict):
        gold.set_gold_by_letters(
            actor=lena, project=project, task_id=repeat.pk, tiers=[["A"], ["B"]], now=NOON
        )
    assert Slot.objects.get(task=repeat).withdrawn


def test_gold_is_given_where_nothing_ordinary_is_left(project, lena, bob):
    make_gold(project, lena, 2)
    set_rules(project, gold_every=2)
    assert len(next_of(bob, project, count=4)) <= 2
    assert insertions_only({3: "gold", 5: "repeat"}) == ["gold", "repeat"]


def insertions_only(special: dict[int, str]) -> list[str]:
    return assignments._in_places(special, [])
