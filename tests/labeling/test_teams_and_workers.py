import json

import pytest

from labeling.models import Annotator, Judgment, Membership, Project, TeamMember
from labeling.selectors.people import person_behind

TEAMS = "/api/projects/support/teams"
WORKERS = "/api/projects/support/imported-workers"


@pytest.fixture
def team(as_lena, project):
    return as_lena.post(TEAMS, {"name": "Night shift"}, format="json").json()


def test_teams_are_made_renamed_found_and_deleted(as_lena, as_rita, as_bob, team):
    assert (team["name"], team["num_members"]) == ("Night shift", 0)
    again = as_lena.post(TEAMS, {"name": "Night shift"}, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "name_taken")
    as_lena.post(TEAMS, {"name": "Day shift"}, format="json")
    taken = as_lena.patch(f"{TEAMS}/{team['id']}", {"name": "Day shift"}, format="json")
    assert taken.json()["code"] == "name_taken"
    renamed = as_lena.patch(f"{TEAMS}/{team['id']}", {"name": "Owls"}, format="json")
    assert renamed.json()["name"] == "Owls"
    found = as_rita.get(f"{TEAMS}?name=owl").json()["results"]
    assert [one["name"] for one in found] == ["Owls"]
    assert as_rita.post(TEAMS, {"name": "X"}, format="json").status_code == 403
    assert as_bob.get(TEAMS).status_code == 403
    assert as_lena.delete(f"{TEAMS}/{team['id']}").status_code == 204
    assert as_lena.delete(f"{TEAMS}/{team['id']}").status_code == 404


def test_members_join_and_leave_a_team(as_lena, team, bob, charlie, project):
    members = f"{TEAMS}/{team['id']}/members"
    for _ in range(2):
        assert as_lena.post(members, {"user": bob.pk}, format="json").status_code == 201
    assert as_lena.post(members, {"user": charlie.pk}, format="json").status_code == 404
    assert [one["name"] for one in as_lena.get(members).json()["results"]] == ["Bob"]
    listed = as_lena.get(f"/api/projects/support/members?team={team['id']}").json()["results"]
    assert [(one["user"], one["role"]) for one in listed] == [(bob.pk, "annotator")]
    assert as_lena.delete(f"{members}/{bob.pk}").status_code == 204
    assert as_lena.delete(f"{members}/{bob.pk}").status_code == 404
    as_lena.post(members, {"user": bob.pk}, format="json")
    as_lena.delete(f"/api/projects/support/members/{listed[0]['id']}")
    assert not TeamMember.objects.exists()


def test_members_are_found_by_role_and_name(as_lena, project):
    found = as_lena.get("/api/projects/support/members?role=annotator&search=caro").json()["results"]
    assert [one["name"] for one in found] == ["Carol"]


def test_another_projects_team_is_none_of_ours(as_operator, as_lena, project, team, bob):
    other = as_operator.post("/api/projects", {"name": "Other"}, format="json").json()["slug"]
    assert as_operator.get(f"/api/projects/{other}/teams/{team['id']}/members").status_code == 404
    assert as_operator.delete(f"/api/projects/{other}/teams/{team['id']}").status_code == 404


@pytest.fixture
def worker(as_rita, project):
    rows = [{"prompt": f"Q{n}?", "chosen": "Yes.", "rejected": "No.", "worker": "w-17"} for n in range(3)]
    body = "\n".join(json.dumps(row) for row in rows)
    answer = as_rita.generic(
        "POST",
        "/api/projects/support/imports?source=old-study",
        body.encode(),
        content_type="application/x-ndjson",
    )
    assert answer.status_code == 200, answer.content
    [found] = as_rita.get(WORKERS).json()["results"]
    return found


def test_imported_workers_are_listed_with_their_work(worker):
    assert (worker["external_id"], worker["source"]) == ("w-17", "old-study")
    assert (worker["num_judgments"], worker["person"]) == (3, None)


def test_linking_a_worker_moves_no_judgment_and_can_be_taken_back(as_lena, worker, bob, carol, project):
    before = list(Judgment.objects.order_by("pk").values_list("pk", "annotator_id", "tiers"))
    link = f"{WORKERS}/{worker['id']}/link"
    linked = as_lena.put(link, {"user": bob.pk}, format="json").json()
    person = Annotator.objects.get(user=bob)
    assert (linked["person"], linked["person_name"], linked["person_user"]) == (person.pk, "Bob", bob.pk)
    assert person_behind(project_id=project.pk) == {worker["id"]: person.pk}
    assert list(Judgment.objects.order_by("pk").values_list("pk", "annotator_id", "tiers")) == before
    assert as_lena.put(link, {"user": bob.pk}, format="json").status_code == 200
    assert as_lena.put(link, {"user": carol.pk}, format="json").json()["code"] == "already_linked"
    assert as_lena.get(f"{WORKERS}?linked=true").json()["results"][0]["person_name"] == "Bob"
    assert as_lena.get(f"{WORKERS}?linked=false").json()["results"] == []
    assert as_lena.delete(link).status_code == 204
    assert person_behind(project_id=project.pk) == {}


def test_only_workers_and_members_of_this_project_are_linked(as_lena, as_operator, worker, bob, charlie):
    link = f"{WORKERS}/{worker['id']}/link"
    assert as_lena.put(link, {"user": charlie.pk}, format="json").status_code == 404
    other = Project.objects.create(slug="other", name="Other")
    Membership.objects.create(project=other, user=bob, role="annotator")
    elsewhere = f"/api/projects/other/imported-workers/{worker['id']}/link"
    assert as_operator.put(elsewhere, {"user": bob.pk}, format="json").status_code == 404
