import pytest

from labeling.core.models import AuditEvent
from labeling.models import GuidelineVersion, Membership, Project, Prompt
from labeling.protocol import Protocol
from labeling.selectors import projects as selectors


def test_an_operator_creates_a_project_and_owns_it(as_operator, operator):
    answer = as_operator.post(
        "/api/projects", {"name": "Kundendienst Süd", "guidelines": "Be fair."}, format="json"
    )
    assert answer.status_code == 201
    body = answer.json()
    assert body["slug"] == "kundendienst-sud"
    assert body["my_roles"] == ["owner"]
    assert "members.manage" in body["my_permissions"]
    assert body["guidelines"] == {"number": 1, "text": "Be fair."}
    assert body["protocol"] == Protocol().dump()
    assert body["protocol_version"] == 1
    assert body["counts"] == {
        "tasks": 0,
        "slots_open": 0,
        "slots_leased": 0,
        "slots_done": 0,
        "judgments": 0,
        "annotators": 0,
        "held": 0,
        "by_arm": {},
    }
    assert AuditEvent.objects.filter(action="project.created", actor=operator).exists()


def test_only_operators_create_projects(as_alice, project):
    answer = as_alice.post("/api/projects", {"name": "Mine"}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Support", "support-2"), ("日本語", "project"), ("x" * 200, "x" * 70), ("  - ", "project")],
)
def test_slugs_are_made_from_names_and_unique(as_operator, project, name, slug):
    assert as_operator.post("/api/projects", {"name": name}, format="json").json()["slug"] == slug


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "A", "overlap": 0},
        {"name": "A", "lease_seconds": 1},
        {"name": "A", "validation_percent": 60, "test_percent": 40},
        {"name": "A", "protocol": {"tie": True}},
        {"name": "A", "protocol": {"ties": "perhaps"}},
        {"name": "A", "protocol": []},
    ],
)
def test_wrong_projects_are_refused_whole(as_operator, wrong):
    answer = as_operator.post("/api/projects", wrong, format="json")
    assert answer.status_code == 400
    assert answer.json()["fields"]
    assert not Project.objects.exists()


def test_people_see_their_projects_and_operators_all(as_bob, as_charlie, as_operator, project):
    Project.objects.create(slug="other", name="Other")
    slugs = {
        who: [row["slug"] for row in client.get("/api/projects").json()["results"]]
        for who, client in {"bob": as_bob, "charlie": as_charlie, "operator": as_operator}.items()
    }
    assert slugs == {"bob": ["support"], "charlie": [], "operator": ["other", "support"]}


def test_the_list_takes_the_same_number_of_queries_however_long(
    as_alice, alice, project, django_assert_num_queries
):
    def fill(num: int) -> None:
        for number in range(num):
            made = Project.objects.create(slug=f"p{Project.objects.count()}-{number}", name="P")
            Membership.objects.create(project=made, user=alice, role="owner")
            for version in (1, 2):
                GuidelineVersion.objects.create(project=made, number=version, text=f"v{version}")

    def num_queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            answer = as_alice.get("/api/projects?page_size=200").json()
        assert all(row["counts"] and row["my_roles"] == ["owner"] for row in answer["results"])
        return len(captured)

    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    fill(1)
    few = num_queries()
    fill(30)
    assert num_queries() == few
    newest = as_alice.get("/api/projects").json()["results"][0]
    assert newest["guidelines"] == {"number": 2, "text": "v2"}


def test_pages_follow_the_cursor(as_operator, db):
    Project.objects.bulk_create(Project(slug=f"p{number}", name="P") for number in range(5))
    seen, cursor = [], ""
    while cursor is not None:
        page = as_operator.get(
            "/api/projects", {"page_size": 2, **({"cursor": cursor} if cursor else {})}
        ).json()
        assert set(page) == {"results", "next"}
        seen += [row["slug"] for row in page["results"]]
        cursor = page["next"]
    assert seen == ["p4", "p3", "p2", "p1", "p0"]


def test_a_changed_protocol_is_a_new_version(as_alice, project, alice):
    address = "/api/projects/support"
    body = as_alice.patch(address, {"protocol": {"ties": False}}, format="json").json()
    assert body["protocol_version"] == 2
    assert body["protocol"]["ties"] is False
    assert body["protocol"]["strength"] is True
    again = as_alice.patch(address, {"protocol": {"ties": False}, "name": "New name"}, format="json").json()
    assert again["protocol_version"] == 2
    assert again["name"] == "New name"
    assert again["slug"] == "support"
    events = AuditEvent.objects.filter(project_id=project.pk, action="project.updated").order_by("id")
    assert [set(event.data) for event in events] == [{"protocol"}, {"name"}]


def test_splits_are_fixed_once_there_are_prompts(as_alice, project):
    address = "/api/projects/support"
    assert as_alice.patch(address, {"test_percent": 10}, format="json").status_code == 200
    Prompt.objects.create(project=project, messages=[], hash="a", root_hash="a", split="train")
    answer = as_alice.patch(address, {"test_percent": 20}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "splits_fixed")
    assert as_alice.patch(address, {"test_percent": 10}, format="json").status_code == 200


def test_annotators_do_not_learn_about_arms(project, bob, lena, monkeypatch):
    counts = {"tasks": 1, "by_arm": {"gold": {"open": 1, "leased": 0, "done": 0}}}
    monkeypatch.setattr(
        selectors, "counts_by_project", lambda *, project_ids: dict.fromkeys(project_ids, counts)
    )
    [seen_by_bob] = selectors.seen_by(user=bob, projects=[project])
    [seen_by_lena] = selectors.seen_by(user=lena, projects=[project])
    assert seen_by_bob.counts == {"tasks": 1, "by_arm": {}}
    assert seen_by_lena.counts == counts


def test_the_audit_log_tells_who_did_what(as_alice, as_lena, project):
    as_alice.patch("/api/projects/support", {"overlap": 2}, format="json")
    [event] = as_lena.get("/api/projects/support/audit").json()["results"]
    assert event["actor"] == "Alice"
    assert event["action"] == "project.updated"
    assert event["object_type"] == "project"
    assert event["data"] == {"overlap": [1, 2]}
