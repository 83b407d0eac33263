"""Order, overlap, caps, tags and leases, as leads and annotators set them."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from uuid import uuid4

import pytest

from labeling.core.errors import Conflict, NotFound
from labeling.models import Assignment, Membership, Project, Prompt, QueueCursor, Slot, Task
from labeling.queue_rules import Caps, QueueRules, rules_of
from labeling.services import assignments, steering
from labeling.services.adaptive import confidence_of, votes_of
from labeling.services.wellbeing import opt_out
from tests.labeling.factories import NOON, fill_queue, judge, keys_of, next_of

LATER = NOON + timedelta(hours=1)


def set_rules(project: Project, **rules) -> Project:
    project.queue_rules = QueueRules(**rules).dump()
    project.save()
    return project


def change(lena, project, tasks, **changes) -> int:
    return steering.change_tasks(
        actor=lena, project=project, tasks=tasks, changes=steering.TaskChanges(**changes)
    )


def reason_for(user, project, now=NOON):
    return assignments.next_assignments(user=user, project=project, count=1, now=now).reason


# --- priority and overlap ----------------------------------------------------------------


def test_a_task_moved_forward_comes_next_even_behind_the_cursor(project, bob, carol, lena):
    fill_queue(project, 4, overlap=2)
    for _ in range(4):
        judge(carol, next_of(carol, project)[0])
    judge(bob, next_of(bob, project)[0])
    last = Task.objects.last()
    change(lena, project, [last.pk], priority=5)
    assert next_of(bob, project)[0].task_id == last.pk


def test_a_batch_is_moved_as_a_whole(project, bob, lena):
    fill_queue(project, 2)
    batch = fill_queue(project, 2, word="Late").batch
    assert change(lena, project, batch, priority=3) == 2
    assert {one.task.batch_id for one in next_of(bob, project, count=2)} == {batch.pk}


def test_overlap_raised_asks_more_people(project, bob, carol, lena):
    fill_queue(project, 1)
    judge(bob, next_of(bob, project)[0])
    assert reason_for(carol, project) == "empty"
    change(lena, project, [Task.objects.get().pk], overlap=3)
    judge(carol, next_of(carol, project)[0])
    assert Slot.objects.filter(state="open", withdrawn=False).count() == 1
    assert reason_for(bob, project) == "no_more_for_you"


def test_overlap_lowered_withdraws_open_slots_and_no_held_one(project, bob, carol, lena):
    fill_queue(project, 1, overlap=5)
    [mine], [hers] = next_of(bob, project), next_of(carol, project)
    change(lena, project, [mine.task_id], overlap=1)
    assert Slot.objects.filter(withdrawn=False).count() == 2
    assert [judge(bob, mine).state, judge(carol, hers).state] == ["accepted", "accepted"]


def test_nothing_to_change_is_refused(project, lena):
    with pytest.raises(NotFound):
        change(lena, project, [12345], overlap=2)


# --- adaptive overlap --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("votes", "confidence"),
    [
        ({}, 0.5),
        ({"a": 1}, 0.75),
        ({"a": 2}, 0.875),
        ({"a": 3}, 0.9375),
        ({"a": 2, "b": 1}, 0.6875),
        ({"a": 2, "b": 1, "tie": 1}, 0.6875),
    ],
)
def test_confidence_is_the_posterior_of_the_leader(votes, confidence):
    assert confidence_of(Counter({frozenset(name): n for name, n in votes.items()})) == confidence


def test_votes_are_for_the_best_tier():
    assert votes_of([[[1], [2]], [[1], [2]], [[1, 2]], []]) == {frozenset({1}): 2, frozenset({1, 2}): 1}


def test_people_who_agree_are_enough(project, bob, carol, lena):
    set_rules(project, overlap_max=4, confidence=0.85)
    fill_queue(project, 1, overlap=2)
    best = None
    for person in (bob, carol):
        [held] = next_of(person, project)
        places = {place["response"]: place["key"] for place in held.presented}
        best = best or min(places)
        judge(person, held, tiers=[[places.pop(best)], list(places.values())])
    assert reason_for(lena, project) == "empty"


def test_people_who_disagree_bring_in_one_more_up_to_the_most(project, make_user):
    set_rules(project, overlap_max=4, confidence=0.9)
    fill_queue(project, 1, overlap=2)
    people = [make_user(f"Person{number}") for number in range(6)]
    num_asked = 0
    for number, person in enumerate(people):
        held = next_of(person, project)
        if not held:
            break
        num_asked += 1
        keys = [place["key"] for place in sorted(held[0].presented, key=lambda one: one["response"])]
        judge(person, held[0], tiers=[[key] for key in (keys if number % 2 else keys[::-1])])
    assert num_asked == 4
    assert Slot.objects.filter(withdrawn=False).count() == 4


def test_a_new_slot_waits_until_everyone_asked_has_spoken(project, bob, carol):
    set_rules(project, overlap_max=5)
    fill_queue(project, 1, overlap=2)
    [mine], [hers] = next_of(bob, project), next_of(carol, project)
    judge(bob, mine)
    assert Slot.objects.count() == 2
    judge(carol, hers)
    assert Slot.objects.count() == 3


def test_fixed_overlap_stays_fixed(project, bob, carol):
    fill_queue(project, 1, overlap=1)
    judge(bob, next_of(bob, project)[0])
    assert reason_for(carol, project) == "empty"


# --- caps --------------------------------------------------------------------------------


def test_a_daily_cap_counts_what_is_held_and_ends_at_midnight(project, bob):
    set_rules(project, caps=Caps(per_day=3))
    fill_queue(project, 10)
    for one in next_of(bob, project, count=5):
        judge(bob, one)
    assert Assignment.objects.count() == 3
    assert reason_for(bob, project) == "capped"
    assert next_of(bob, project, now=NOON + timedelta(days=1))


def test_a_total_cap_of_ones_own_replaces_the_projects(project, bob, lena):
    set_rules(project, caps=Caps(in_total=2))
    fill_queue(project, 10)
    assert len(next_of(bob, project, count=5)) == 2
    member = Membership.objects.get(user=bob)
    steering.set_caps(actor=lena, project=project, membership_id=member.pk, caps={"in_total": None})
    assert len(next_of(bob, project, count=5)) == 5


def test_a_share_of_a_batch_leaves_the_rest_to_others(project, bob, carol):
    set_rules(project, caps=Caps(batch_percent=50))
    fill_queue(project, 4, word="First")
    second = fill_queue(project, 4, word="Second").batch
    for _ in range(8):
        for one in next_of(bob, project):
            judge(bob, one)
    taken = Counter(Assignment.objects.values_list("task__batch_id", flat=True))
    assert set(taken.values()) == {2}
    assert reason_for(bob, project) in ("capped", "no_more_for_you")
    assert second.pk in taken
    assert len(next_of(carol, project, count=5)) == 2


# --- tags --------------------------------------------------------------------------------


@pytest.fixture
def tagged(project):
    """Six tasks about violence, then two about cooking, all waiting."""
    from labeling.services.prompts import PromptDraft, add_prompts
    from labeling.services.queue import ResponseDraft, TaskDraft, queue_tasks
    from tests.labeling.factories import make_generators, reply, user_message

    drafts = [PromptDraft(user_message(f"Violence {n}"), risk_tags=["violence"]) for n in range(6)]
    drafts += [PromptDraft(user_message(f"Cooking {n}"), tags=["cooking"]) for n in range(2)]
    add_prompts(project=project, rows=drafts, now=NOON)
    generators = make_generators(project, 2)
    items = [
        TaskDraft(
            prompt.pk,
            [ResponseDraft(one, reply(f"{one.pk} to {prompt.pk}")) for one in generators],
            "random",
            2,
        )
        for prompt in Prompt.objects.order_by("-risk_tags", "pk")
    ]
    queue_tasks(project=project, reference="tagged", name="Tagged", items=items, now=NOON)
    return project


def test_a_tag_opted_out_of_is_never_offered(tagged, bob, carol):
    opt_out(user=bob, project=tagged, tags=["violence"])
    held = next_of(bob, tagged, count=8)
    assert [one.task.prompt.tags for one in held] == [["cooking"], ["cooking"]]
    assert len(next_of(carol, tagged, count=8)) == 8


def test_nor_when_it_was_given_back_or_ran_out(tagged, bob, carol):
    opt_out(user=bob, project=tagged, tags=["violence"])
    held = next_of(carol, tagged, count=8)
    for one in held[:4]:
        assignments.skip(user=carol, assignment=one, lease_token=one.fence, reason="", now=NOON)
    taken = next_of(bob, tagged, count=8, now=LATER)
    assert {tuple(one.task.prompt.tags) for one in taken} == {("cooking",)}


def test_opting_in_again_brings_them_back_at_once(tagged, bob):
    opt_out(user=bob, project=tagged, tags=["violence"])
    for one in next_of(bob, tagged, count=8):
        judge(bob, one)
    assert reason_for(bob, tagged) == "no_more_for_you"
    opt_out(user=bob, project=tagged, tags=[])
    assert len(next_of(bob, tagged, count=8)) == 6


def test_lanes_keep_the_queues_order(project, bob):
    """Priority first, then breadth, whichever lane a task runs in."""
    fill_queue(project, 2, word="Low")
    fill_queue(project, 2, word="High", priority=5)
    fill_queue(project, 2, word="Middle", priority=3)
    opt_out(user=bob, project=project, tags=["nothing here has this"])
    assert [one.task.priority for one in next_of(bob, project, count=6)] == [5, 5, 3, 3, 0, 0]


@pytest.mark.parametrize("method", ["get", "patch"])
def test_a_number_that_no_task_can_have_is_not_found(project, as_lena, method):
    answer = getattr(as_lena, method)(
        f"/api/projects/{project.slug}/tasks/{10**30}", {"priority": 3}, format="json"
    )
    assert answer.status_code == 404
    assert "from a list" in answer.json()["message"]


def test_everyone_chooses_their_own_tags_over_http(tagged, as_bob, as_carol):
    url = "/api/projects/support/my-wellbeing"
    chosen = as_bob.patch(url, {"opted_out_tags": ["violence"]}, format="json").json()
    assert (chosen["tags"], chosen["opted_out_tags"]) == (["cooking", "violence"], ["violence"])
    assert as_bob.get(url).json()["opted_out_tags"] == ["violence"]
    assert as_carol.get(url).json()["opted_out_tags"] == []


# --- leases ------------------------------------------------------------------------------


def test_a_lead_takes_a_lease_back_for_somebody_else(project, bob, carol, as_lena):
    fill_queue(project, 1)
    from django.utils import timezone

    [held] = next_of(bob, project, now=timezone.now())
    listed = as_lena.get("/api/projects/support/leases").json()["leases"]
    assert [(one["assignment"], one["name"]) for one in listed] == [(str(held.pk), "Bob")]
    url = f"/api/projects/support/leases/{held.pk}/release"
    assert as_lena.post(url).status_code == 204
    assert as_lena.post(url).status_code == 404
    assert reason_for(bob, project) == "no_more_for_you"
    [taken] = next_of(carol, project)
    assert judge(carol, taken).state == "accepted"
    assert judge(bob, held).state == "surplus"


def test_the_rules_over_http(project, as_lena, as_rita):
    url = "/api/projects/support/queue"
    assert as_rita.patch(url, {"gold_every": 5}, format="json").status_code == 403
    changed = as_lena.patch(url, {"gold_every": 5, "caps": {"per_day": 9}}, format="json").json()
    assert (changed["gold_every"], changed["caps"]["per_day"]) == (5, 9)
    again = as_lena.patch(url, {"caps": {"in_total": 99}}, format="json").json()
    assert again["caps"] == {"per_day": 9, "in_total": 99, "batch_percent": None}
    project.refresh_from_db()
    assert rules_of(project.queue_rules).caps == Caps(9, 99)
    logged = as_lena.get("/api/projects/support/audit", {"action": "queue.changed"}).json()["results"]
    assert logged[0]["data"] == {"caps": [{**again["caps"], "in_total": None}, again["caps"]]}
    assert as_lena.patch(url, {"hold_phrases": ["a*b*c*d"]}, format="json").status_code == 400
    assert as_rita.get(url).json()["gold_every"] == 5


def test_tasks_and_batches_over_http(project, as_lena, as_bob):
    batch = fill_queue(project, 2).batch
    task = Task.objects.first()
    url = f"/api/projects/support/tasks/{task.pk}"
    assert as_bob.get(url).status_code == 403
    shown = as_lena.get(url).json()
    assert [response["letter"] for response in shown["responses"]] == ["A", "B"]
    assert "policy" not in str(shown)
    changed = as_lena.patch(url, {"priority": 7, "overlap": 2, "overlap_max": 5}, format="json").json()
    assert (changed["priority"], changed["slots_open"], changed["overlap_max"]) == (7, 2, 5)
    assert as_lena.patch(url, {}, format="json").status_code == 400
    many = as_lena.post(
        "/api/projects/support/tasks/change", {"tasks": [task.pk, 999], "priority": 1}, format="json"
    )
    assert many.json() == {"changed": 1}
    [listed] = as_lena.get("/api/projects/support/batches").json()["results"]
    assert listed["id"] == batch.pk
    detail = as_lena.patch(f"/api/projects/support/batches/{batch.pk}", {"overlap": 3}, format="json").json()
    assert (detail["open"], detail["judgments"]) == (6, 0)
    caps = as_lena.put(
        f"/api/projects/support/members/{Membership.objects.first().pk}/caps", {"per_day": 4}, format="json"
    )
    assert caps.json() == {"per_day": 4}


def test_a_task_of_another_project_is_not_found(project, as_lena, operator):
    other = Project.objects.create(slug="other", name="Other")
    fill_queue(other, 1)
    task = Task.objects.get()
    for method, path in (("get", ""), ("patch", ""), ("put", "/gold")):
        answer = getattr(as_lena, method)(
            f"/api/projects/support/tasks/{task.pk}{path}",
            {"priority": 1, "tiers": [["A"], ["B"]]},
            format="json",
        )
        assert answer.status_code == 404


def test_a_person_capped_before_their_first_task_keeps_the_cap(project, bob, lena):
    fill_queue(project, 5)
    member = Membership.objects.get(user=bob)
    steering.set_caps(actor=lena, project=project, membership_id=member.pk, caps={"per_day": 1})
    assert len(next_of(bob, project, count=5)) == 1
    assert QueueCursor.objects.get(annotator__user=bob).caps == {"per_day": 1}


def test_a_released_lease_cannot_be_renewed(project, bob, lena):
    fill_queue(project, 1)
    [held] = next_of(bob, project)
    steering.release_lease(actor=lena, project=project, assignment_id=held.pk, now=NOON)
    with pytest.raises(Conflict):
        assignments.heartbeat(assignment=held, lease_token=held.fence, now=NOON)
    with pytest.raises(NotFound):
        steering.release_lease(actor=lena, project=project, assignment_id=uuid4(), now=NOON)
    assert keys_of(held)
