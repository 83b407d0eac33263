import csv
import io
from datetime import timedelta

import pytest

from labeling.models import CompletionCode
from labeling.selectors.timesheets import days
from labeling.services import assignments, steering
from labeling.services.undo import undo
from tests.labeling.factories import NOON, fill_queue, judge, next_of
from tests.labeling.test_invitations import accept, invite  # noqa: F401  (a fixture)

MINE = "/api/projects/support/my-completion-code"
CODES = "/api/projects/support/completion-codes"


@pytest.fixture
def quota(as_alice, project):
    def set_rule(**rule):
        answer = as_alice.patch("/api/projects/support", {"completion": rule}, format="json")
        assert answer.status_code == 200, answer.content
        project.refresh_from_db()

    fill_queue(project, 6, overlap=3)
    set_rule(judgments=2)
    return set_rule


def work(user, project, num=2, **said):
    for _ in range(num):
        [assignment] = next_of(user, project)
        judge(user, assignment, **{"active_seconds": 8, **said})


def test_taking_one_task_back_again_and_again_fills_no_quota(as_bob, project, bob, quota):
    [assignment] = next_of(bob, project)
    said = judge(bob, assignment, active_seconds=8)
    for _ in range(3):
        undo(user=bob, assignment=assignment, judgment_id=said.judgment_id, reason="", now=NOON)
        assert "0 of 2" in as_bob.post(MINE).json()["message"]
        said = judge(bob, assignment, active_seconds=8)
    assert "1 of 2" in as_bob.post(MINE).json()["message"]


def test_the_code_comes_with_the_quota_and_is_shown_once(as_bob, as_lena, project, bob, quota):
    assert as_bob.post(MINE).json()["code"] == "not_complete"
    work(bob, project, 1)
    waiting = as_bob.post(MINE)
    assert (waiting.status_code, "1 of 2" in waiting.json()["message"]) == (409, True)
    work(bob, project, 1)
    shown = as_bob.post(MINE)
    assert (shown.status_code, shown.json()["num_judgments"]) == (201, 2)
    again = as_bob.post(MINE)
    assert (again.status_code, again.json()["code"]) == (409, "code_shown")
    [listed] = as_lena.get(CODES).json()["results"]
    assert (listed["code"], listed["name"]) == (shown.json()["code"], "Bob")
    assert as_bob.get(CODES).status_code == 403


def test_a_project_without_a_quota_gives_none(as_bob, project):
    assert as_bob.post(MINE).json()["code"] == "no_completion_codes"


@pytest.mark.once
@pytest.mark.parametrize(
    ("rule", "said", "given"),
    [
        ({"min_median_seconds": 10}, {}, False),
        ({"min_median_seconds": 5}, {}, True),
        ({"max_cannot_judge_share": 0.5}, {"verdict": "cannot_judge", "tiers": []}, False),
    ],
)
def test_the_rules_must_be_met(as_bob, project, bob, quota, rule, said, given):
    quota(judgments=2, **rule)
    work(bob, project, **said)
    assert as_bob.post(MINE).status_code == (201 if given else 409)


def test_a_release_by_a_lead_is_no_skip_of_its_holder(as_bob, project, bob, lena, quota):
    quota(judgments=1, max_skip_share=0.0)
    kept, released = next_of(bob, project, count=2)
    steering.release_lease(actor=lena, project=project, assignment_id=released.pk, now=NOON)
    judge(bob, kept)
    assert as_bob.post(MINE).status_code == 201
    [row] = days(project=project, since=NOON.date(), until=NOON.date() + timedelta(days=1))
    assert (row.num_judgments, row.num_skips) == (1, 0)


def test_who_skips_most_gets_no_code(as_bob, project, bob, quota):
    quota(judgments=2, max_skip_share=0.4)
    work(bob, project)
    for assignment in next_of(bob, project, count=2):
        assignments.skip(user=bob, assignment=assignment, lease_token=assignment.fence, reason="", now=NOON)
    assert as_bob.post(MINE).json()["code"] == "not_complete"
    work(bob, project, 1)
    assert as_bob.post(MINE).status_code == 201


def test_a_code_is_listed_with_the_platforms_worker(
    as_charlie,
    as_lena,
    project,
    charlie,
    quota,
    invite,  # noqa: F811
):
    token = invite()["token"]
    accept(as_charlie, token, platform="PROLIFIC_PID", worker_id="5f1c")
    work(charlie, project)
    code = as_charlie.post(MINE).json()["code"]
    [listed] = as_lena.get(CODES).json()["results"]
    assert (listed["platform"], listed["worker_id"]) == ("PROLIFIC_PID", "5f1c")
    answer = as_lena.get(f"{CODES}/csv")
    [row] = csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode()))
    assert (row["code"], row["worker_id"], row["num_judgments"]) == (code, "5f1c", "2")
    assert CompletionCode.objects.count() == 1
