import csv
import io

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from labeling.core.models import AuditEvent
from labeling.core.services import audit, tokens


def record(actor, project, action="member.added", **data):
    return audit.record(actor=actor, action=action, project_id=project.pk, obj=project, data=data)


def refused(write) -> bool:
    try:
        with transaction.atomic():
            write()
    except DatabaseError as problem:
        return "append-only" in str(problem)
    return False


def test_the_database_refuses_to_change_or_delete_what_was_recorded(project, bob, carol):
    event = record(bob, project)
    mine = AuditEvent.objects.filter(pk=event.pk)
    assert refused(lambda: mine.update(action="nothing.happened"))
    assert refused(lambda: mine.update(actor=carol))
    assert refused(lambda: mine.update(actor=None))
    assert refused(lambda: mine.update(at=timezone.now()))
    assert refused(mine.delete)
    assert refused(lambda: mine.update(actor=None, actor_pseudonym="person-1", data={"a": 1}))
    event.refresh_from_db()
    assert (event.actor, event.action) == (bob, "member.added")


def test_only_a_pseudonym_may_take_the_place_of_the_actor_and_stays(project, bob):
    event = record(bob, project, who="x")
    mine = AuditEvent.objects.filter(pk=event.pk)
    assert mine.update(actor=None, actor_pseudonym="person-1") == 1
    event.refresh_from_db()
    assert (event.actor, event.actor_pseudonym, event.data) == (None, "person-1", {"who": "x"})
    assert refused(lambda: mine.update(actor_pseudonym="person-2"))
    assert refused(lambda: mine.update(actor=bob))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["team.created", "member.removed", "member.added"]),
        ("action=member.", ["member.removed", "member.added"]),
        ("action=member.added", ["member.added"]),
        ("object_type=project&object_id={project}", ["team.created", "member.removed", "member.added"]),
        ("object_id=0", []),
        ("actor={bob}", ["member.removed"]),
        ("since=2100-01-01T00:00:00Z", []),
        ("until=2000-01-01T00:00:00Z", []),
    ],
)
def test_the_log_is_filtered(as_lena, project, alice, bob, query, expected):
    record(alice, project)
    record(bob, project, "member.removed")
    record(alice, project, "team.created")
    address = f"/api/projects/support/audit?{query.format(project=project.pk, bob=bob.pk)}"
    rows = as_lena.get(address).json()["results"]
    assert [row["action"] for row in rows] == expected


def test_the_log_is_paged_and_leaves_as_csv(as_lena, as_operator, project, bob):
    for number in range(5):
        record(bob, project, "member.added", n=number)
    page = as_lena.get("/api/projects/support/audit?page_size=3").json()
    rest = as_lena.get(f"/api/projects/support/audit?page_size=3&cursor={page['next']}").json()
    assert [row["data"]["n"] for row in page["results"] + rest["results"]] == [4, 3, 2, 1, 0]
    assert rest["next"] is None
    for client, address in (
        (as_lena, "/api/projects/support/audit/csv?action=member.added"),
        (as_operator, "/api/audit/csv?action=member.added"),
    ):
        answer = client.get(address)
        assert answer["Content-Type"].startswith("text/csv")
        rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
        assert [row["actor"] for row in rows] == ["Bob"] * 5
        assert rows[0]["data"] == '{"n": 0}'


def test_a_table_runs_no_formulas(as_lena, project, make_user):
    record(make_user("=1+1"), project)
    answer = as_lena.get("/api/projects/support/audit/csv")
    assert "'=1+1" in b"".join(answer.streaming_content).decode()


def test_the_whole_log_is_for_operators(as_operator, as_alice, project, alice):
    record(alice, project)
    assert as_alice.get("/api/audit").status_code == 403
    assert as_operator.get("/api/audit").json()["results"][0]["actor_id"] == alice.pk


def test_an_export_says_who_took_what_along(as_rita, as_bob, project, rita):
    as_bob.get("/api/projects/support/export/rankings")
    as_rita.get("/api/projects/support/export/rankings?format=nonsense")
    answer = as_rita.get("/api/projects/support/export/preferences?format=parquet")
    assert answer.status_code == 200
    [event] = AuditEvent.objects.filter(action="export.started")
    assert (event.actor, event.project_id, event.object_id) == (rita, project.pk, str(project.pk))
    assert (event.data["kind"], event.data["format"]) == ("preferences", "parquet")


def test_what_was_done_by_a_token_says_by_which(project, rita):
    token, secret = tokens.create_token(user=rita, name="script", now=timezone.now(), scopes=["export"])
    script = APIClient(headers={"authorization": f"Bearer {secret}"})
    assert script.get("/api/projects/support/export/rankings").status_code == 200
    [event] = AuditEvent.objects.filter(action="export.started")
    assert (event.actor, event.data["token"]) == (rita, token.prefix)
    assert secret not in str(event.data)
