from datetime import timedelta

import pytest
from django.utils import timezone

from labeling.core.models import AuditEvent
from labeling.models import Membership, Prompt, Reveal
from labeling.selectors.wellbeing import wellbeing_of
from labeling.services import wellbeing
from labeling.services.members import give_role
from tests.labeling.factories import NOON, fill_queue, judge, next_of

MINE = "/api/projects/support/my-wellbeing"


@pytest.fixture
def risky(project):
    fill_queue(project, 3)
    Prompt.objects.filter(project=project).update(risk_tags=["violence"])
    return project


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
    as_alice.patch("/api/projects/support", {"exposure_cap": 1}, format="json")
    first, second = next_of(bob, risky, count=2)
    first.task.project.refresh_from_db()
    yesterday = timezone.now() - timedelta(days=1)
    wellbeing.reveal(user=bob, assignment=first, now=yesterday)
    assert as_bob.post(f"/api/assignments/{second.pk}/reveal").status_code == 200
    third = next_of(bob, risky, count=3)[-1]
    refused = as_bob.post(f"/api/assignments/{third.pk}/reveal")
    assert (refused.status_code, refused.json()["code"]) == (409, "exposure_cap")


def test_opting_out_is_ones_own_and_holds_in_every_role(as_bob, project, bob, carol):
    give_role(project=project, user=bob, role="researcher", now=NOON)
    answer = as_bob.patch(MINE, {"opted_out_tags": ["violence", "violence", " self-harm "]}, format="json")
    assert answer.json()["opted_out_tags"] == ["self-harm", "violence"]
    give_role(project=project, user=bob, role="lead", now=NOON)
    rows = Membership.objects.filter(project=project, user=bob).values_list("opted_out_tags", flat=True)
    assert list(rows) == [["self-harm", "violence"]] * 3
    assert Membership.objects.get(user=carol).opted_out_tags == []
    event = AuditEvent.objects.get(action="member.opted_out")
    assert event.data == {}, "which tags is nobody's business"


def work(user, project, minutes):
    """One judgment a minute, each of them a minute's work."""
    for minute in range(minutes):
        start = NOON + timedelta(minutes=minute)
        [assignment] = next_of(user, project, now=start)
        judge(user, assignment, now=start + timedelta(minutes=1), active_seconds=60)


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
