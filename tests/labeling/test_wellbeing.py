from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from labeling.core.models import AuditEvent
from labeling.models import Prompt, QueueCursor, Reveal, Task
from labeling.queue_rules import QueueRules
from labeling.selectors.wellbeing import wellbeing_of
from labeling.services import assignments, completion, wellbeing
from labeling.services.gold import set_gold_by_letters
from labeling.services.members import give_role
from tests.labeling.factories import NOON, ask_for, fill_queue, judge, next_of

MINE = "/api/projects/support/my-wellbeing"


@pytest.fixture
def risky(project):
    fill_queue(project, 3, risk_tags=["violence"])
    return project


def seen(user, assignment, *, now=NOON):
    wellbeing.reveal(user=user, assignment=assignment, now=now)
    judge(user, assignment, now=now)


def words_of(user, project, **asking) -> list[str]:
    """The first word of each prompt this person is given."""
    given = next_of(user, project, **asking)
    return [one.task.prompt.messages[0]["content"].split()[0] for one in given]


def test_the_offer_warns_and_asking_to_see_is_recorded_once(as_bob, risky, bob):
    [offer] = as_bob.post("/api/projects/support/assignments/next", {}, format="json").json()["assignments"]
    assert offer["prompt"]["risk_tags"] == ["violence"]
    for _ in range(2):
        answer = as_bob.post(f"/api/assignments/{offer['id']}/reveal")
        assert answer.json() == {"risk_tags": ["violence"]}
    assert Reveal.objects.get().annotator.user == bob
    assert as_bob.get(MINE).json()["exposures_today"] == 1


def test_what_is_harmless_is_no_exposure(as_bob, project):
    fill_queue(project, 1)
    [offer] = as_bob.post("/api/projects/support/assignments/next", {}, format="json").json()["assignments"]
    assert offer["prompt"]["risk_tags"] == []
    assert as_bob.post(f"/api/assignments/{offer['id']}/reveal").json() == {"risk_tags": []}
    assert not Reveal.objects.exists()


def test_a_day_holds_only_so_many(as_bob, as_alice, risky, bob):
    first, second, third = next_of(bob, risky, count=3)
    as_alice.patch("/api/projects/support", {"exposure_cap": 1}, format="json")
    yesterday = timezone.now() - timedelta(days=1)
    wellbeing.reveal(user=bob, assignment=first, now=yesterday)
    assert as_bob.post(f"/api/assignments/{second.pk}/reveal").status_code == 200
    refused = as_bob.post(f"/api/assignments/{third.pk}/reveal")
    assert (refused.status_code, refused.json()["code"]) == (409, "exposure_cap")


@pytest.mark.once
def test_who_saw_enough_today_is_given_other_tasks(project, bob, carol):
    project.exposure_cap = 1
    project.save()
    fill_queue(project, 4, overlap=2, priority=1, word="Hard", risk_tags=["violence"])
    fill_queue(project, 3, overlap=2, word="Easy")
    [first] = next_of(bob, project, count=3)
    assert first.task.prompt.risk_tags == ["violence"]
    assert words_of(bob, project, count=4) == ["Hard", "Easy", "Easy", "Easy"], "what is held counts as seen"
    seen(bob, first)
    for one in next_of(bob, project, count=2):
        judge(bob, one)
    assert words_of(bob, project, count=2) == ["Easy"]
    assert words_of(carol, project) == ["Hard"]
    tomorrow = NOON + timedelta(days=1)
    words = words_of(bob, project, count=3, now=tomorrow)
    assert words == ["Easy", "Hard"], "one is left from yesterday; the search had gone past the other"


def test_nobody_is_given_more_than_the_day_still_holds(project, bob):
    project.exposure_cap = 2
    project.save()
    fill_queue(project, 5, priority=1, word="Hard", risk_tags=["violence"])
    fill_queue(project, 5, word="Easy")
    assert words_of(bob, project, count=5) == ["Hard", "Hard"]
    assert words_of(bob, project, count=5) == ["Hard", "Hard", "Easy", "Easy", "Easy"]


def test_gold_and_repeats_keep_to_the_day_too(project, bob, lena):
    project.exposure_cap = 1
    project.queue_rules = QueueRules(gold_every=1, repeat_every=1, repeat_after=1).dump()
    project.save()
    fill_queue(project, 4, word="Hard", risk_tags=["violence"])
    fill_queue(project, 8, word="Easy")
    for task in Task.objects.order_by("pk")[:3]:
        set_gold_by_letters(actor=lena, project=project, task_id=task.pk, tiers=[["A"], ["B"]], now=NOON)
    [first] = next_of(bob, project)
    assert (first.task.arm, first.task.prompt.risk_tags) == ("gold", ["violence"])
    seen(bob, first)
    given = []
    while held := next_of(bob, project, count=3):
        given += [one.task for one in held]
        for one in held:
            judge(bob, one)
    assert {tuple(task.prompt.risk_tags) for task in given} == {()}
    assert {task.arm for task in given} == {"random", "repeat"}
    assert sum(task.arm == "random" for task in given) == 8


def test_the_day_costs_no_statement_where_there_is_no_cap_and_one_where_there_is(
    project, bob, django_assert_num_queries
):
    fill_queue(project, 6, risk_tags=["violence"])
    judge(bob, next_of(bob, project)[0])
    with CaptureQueriesContext(connection) as without:
        [held] = next_of(bob, project)
    judge(bob, held)
    project.exposure_cap = 5
    with django_assert_num_queries(len(without) + 1):
        next_of(bob, project)


def test_what_is_hard_to_read_may_be_skipped_under_every_protocol(project, as_bob, bob):
    ask_for(project, skip=False, skip_reason="required")
    fill_queue(project, 1, word="Hard", risk_tags=["violence"])
    fill_queue(project, 2, word="Easy")
    hard, easy, other = next_of(bob, project, count=3)

    def skip(one, **why):
        body = {"lease_token": one.fence, **why}
        return as_bob.post(f"/api/assignments/{one.pk}/skip", body, format="json").status_code

    assert [skip(easy), skip(hard)] == [400, 204]
    Prompt.objects.filter(pk=other.task.prompt_id).update(tags=["spiders"])
    wellbeing.opt_out(user=bob, project=project, tags=["spiders"])
    assert [skip(easy), skip(other, reason="I left these out.")] == [400, 204]


def test_nobody_loses_their_code_by_skipping_what_is_hard_to_read(project, as_bob, bob):
    project.completion = {"judgments": 2, "max_skip_share": 0.1}
    project.save()
    fill_queue(project, 2, priority=1, word="Hard", risk_tags=["violence"])
    fill_queue(project, 4, word="Easy")
    *hard, first, second, third = next_of(bob, project, count=5)
    for one in hard:
        assignments.skip(user=bob, assignment=one, lease_token=one.fence, reason="", now=NOON)
    judge(bob, first)
    judge(bob, second)
    cursor = QueueCursor.objects.get(annotator__user=bob)
    assert completion.what_is_missing(cursor=cursor, project=project) is None
    assignments.skip(user=bob, assignment=third, lease_token=third.fence, reason="", now=NOON)
    assert "skipped" in completion.what_is_missing(cursor=cursor, project=project)
    assert as_bob.post("/api/projects/support/my-completion-code").status_code == 409


def test_opting_out_is_ones_own_and_holds_in_every_role(as_bob, project, bob, carol):
    give_role(project=project, user=bob, role="researcher", now=NOON)
    answer = as_bob.patch(MINE, {"opted_out_tags": ["violence", "violence", " self-harm "]}, format="json")
    assert answer.json()["opted_out_tags"] == ["self-harm", "violence"]
    give_role(project=project, user=bob, role="lead", now=NOON)
    assert as_bob.get(MINE).json()["opted_out_tags"] == ["self-harm", "violence"]
    assert wellbeing_of(user=carol, project=project, now=NOON)["opted_out_tags"] == []
    event = AuditEvent.objects.get(action="member.opted_out")
    assert event.data == {}, "which tags is nobody's business"


def work(user, project, minutes):
    """One judgment a minute, each of them a minute's work."""
    for minute in range(minutes):
        start = NOON + timedelta(minutes=minute)
        [assignment] = next_of(user, project, now=start)
        judge(user, assignment, now=start + timedelta(minutes=1), active_seconds=60)


@pytest.mark.once
def test_a_break_is_suggested_after_long_work_and_no_more_once_taken(project, bob):
    project.break_after_minutes = 10
    project.save()
    fill_queue(project, 12)
    work(bob, project, 9)

    def state(minutes):
        return wellbeing_of(user=bob, project=project, now=NOON + timedelta(minutes=minutes))

    assert (state(9)["seconds_without_break"], state(9)["take_a_break"]) == (540, False)
    start = NOON + timedelta(minutes=11)
    [assignment] = next_of(bob, project, now=NOON + timedelta(minutes=10))
    judge(bob, assignment, now=start, active_seconds=60)
    assert state(11)["take_a_break"] is True
    assert state(17)["take_a_break"] is False
    assert state(17)["worked_seconds_today"] == 600
    project.break_after_minutes = None
    assert state(11)["take_a_break"] is False
