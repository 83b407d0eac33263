from labeling.models import Annotator, Consent, Judgment
from labeling.services import assignments, consent, holds
from labeling.services.claims import take_seat
from tests.labeling.factories import NOON, fill_queue, judge, next_of

CONSENT = "/api/projects/support/consent"


def set_text(client, text="You may stop at any time."):
    return client.put(CONSENT, {"text": text}, format="json").json()


def next_reason(client):
    return client.post("/api/projects/support/assignments/next", {}, format="json").json()["reason"]


def test_nobody_annotates_before_accepting(as_lena, as_bob, project, bob):
    fill_queue(project, 2)
    assert set_text(as_lena) == {"version": 1, "text": "You may stop at any time.", "accepted": False}
    assert next_reason(as_bob) == "consent_needed"
    assert as_bob.get(CONSENT).json()["accepted"] is False
    assert as_bob.post(f"{CONSENT}/accept", {"version": 1}, format="json").status_code == 204
    assert as_bob.get(CONSENT).json()["accepted"] is True
    assert next_reason(as_bob) is None
    row = Consent.objects.get()
    assert (row.version.number, row.annotator.user, row.withdrawn_at) == (1, bob, None)


def test_a_new_version_is_asked_for_again(as_lena, as_bob, project):
    fill_queue(project, 2)
    set_text(as_lena)
    as_bob.post(f"{CONSENT}/accept", {"version": 1}, format="json")
    assert set_text(as_lena)["version"] == 1
    assert set_text(as_lena, "And we keep the data.")["version"] == 2
    assert next_reason(as_bob) == "consent_needed"
    old = as_bob.post(f"{CONSENT}/accept", {"version": 1}, format="json")
    assert (old.status_code, old.json()["code"]) == (409, "consent_changed")
    as_bob.post(f"{CONSENT}/accept", {"version": 2}, format="json")
    assert next_reason(as_bob) is None


def test_no_text_asks_for_nothing_and_numbers_are_not_used_twice(as_lena, as_bob, project):
    fill_queue(project, 1)
    set_text(as_lena)
    as_bob.post(f"{CONSENT}/accept", {"version": 1}, format="json")
    assert set_text(as_lena, "")["version"] == 0
    assert next_reason(as_bob) is None
    assert set_text(as_lena, "Another text.")["version"] == 2
    assert next_reason(as_bob) == "consent_needed"


def test_withdrawing_ends_the_work_and_keeps_the_judgments(as_lena, as_bob, project, bob):
    fill_queue(project, 2)
    set_text(as_lena)
    for _ in range(2):
        as_bob.post(f"{CONSENT}/accept", {"version": 1}, format="json")
    project.refresh_from_db()
    judge(bob, next_of(bob, project)[0])
    assert as_bob.post(f"{CONSENT}/withdraw").status_code == 204
    assert next_reason(as_bob) == "consent_needed"
    assert Judgment.objects.filter(annotator__user=bob).count() == 1
    as_bob.post(f"{CONSENT}/accept", {"version": 1}, format="json")
    rows = as_lena.get("/api/projects/support/consents").json()["results"]
    assert [(row["name"], row["version"], row["withdrawn_at"] is None) for row in rows] == [
        ("Bob", 1, True),
        ("Bob", 1, False),
    ]


def test_consent_can_be_withdrawn_from_an_archived_project(as_alice, as_bob, project):
    set_text(as_alice)
    as_bob.post(f"{CONSENT}/accept", {"version": 1}, format="json")
    as_alice.post("/api/projects/support/archive")
    assert as_bob.post(f"{CONSENT}/withdraw").status_code == 204
    assert Consent.objects.get().withdrawn_at is not None


def test_the_gate_asks_the_database_nothing(project, bob, lena, django_assert_num_queries):
    project = consent.set_consent_text(actor=lena, project=project, text="Yes?", now=NOON)
    cursor = take_seat(user=bob, project=project).cursor
    with django_assert_num_queries(0):
        assert holds.held_back(project=project, cursor=cursor).reason == "consent_needed"
    consent.accept_consent(user=bob, project=project, version=1, now=NOON)
    cursor.refresh_from_db()
    with django_assert_num_queries(0):
        assert holds.held_back(project=project, cursor=cursor) is None


def test_work_that_is_held_can_still_be_submitted(as_lena, project, bob):
    fill_queue(project, 1)
    [held] = next_of(bob, project)
    set_text(as_lena)
    project.refresh_from_db()
    assert assignments.next_assignments(user=bob, project=project, count=1, now=NOON).reason is not None
    assert judge(bob, held).state == "accepted"
    assert Annotator.objects.filter(user=bob).exists()
