"""What a project asks of its judges, and its versions."""

from __future__ import annotations

import json

import pytest
import yaml
from django.core.management import call_command
from pydantic import ValidationError

from labeling.core.models import AuditEvent
from labeling.models import Judgment, Project, ProtocolVersion
from labeling.protocol import Protocol, complete
from labeling.services.projects import create_project
from tests.labeling.factories import NOON, ask_for, fill_queue, judge, next_of

ADDRESS = "/api/projects/support/protocol"
HELPFUL = {"key": "helpful", "label": "Helpful", "low": 1, "high": 5, "labels": {"1": "no", "5": "yes"}}


def change(client, protocol, **more):
    return client.put(ADDRESS, {"protocol": protocol, **more}, format="json")


def test_an_old_protocol_is_read_with_todays_defaults():
    old = {"ties": False, "strength": True, "both_good": True, "both_bad": True, "skip": True}
    assert Protocol.model_validate(old).undo_seconds == 120
    assert Protocol.model_validate(old).system_prompt == "folded"
    assert complete(old) == {**Protocol().dump(), "ties": False}


@pytest.mark.parametrize(
    "wrong",
    [
        {"tie": True},
        {"ties": "perhaps"},
        {"ties": 1},
        {"skip": "true"},
        {"edit": "sometimes"},
        {"system_prompt": "hidden"},
        {"undo_seconds": -1},
        {"undo_seconds": 1.5},
        {"undo_seconds": 10**9},
        {"criteria": [HELPFUL, HELPFUL]},
        {"criteria": [{**HELPFUL, "low": 5}]},
        {"criteria": [{**HELPFUL, "labels": {"6": "more"}}]},
        {"criteria": [{**HELPFUL, "key": "Helpful!"}]},
        {"criteria": [{**HELPFUL, "label": "a\x00b"}]},
        {"reasons": {"required": True}},
        {"reasons": {"choices": [{"key": "a", "label": "A"}], "min": 2}},
        {"reasons": {"choices": [{"key": "a", "label": "A"}], "min": 1, "max": 0}},
        {"spans": [{"key": "a", "label": ""}]},
        {"skip_reason": "off", "skip_reasons": [{"key": "a", "label": "A"}]},
        {"comment": {"ask": "required", "min_length": -2}},
        {"demonstrations": True},
        [],
        "none",
        None,
    ],
)
def test_a_wrong_protocol_is_refused_by_field_and_changes_nothing(as_lena, project, wrong):
    answer = change(as_lena, wrong)
    assert answer.status_code == 400
    assert "protocol" in answer.json()["fields"]
    assert answer.json()["message"].endswith(".")
    assert ProtocolVersion.objects.count() == 1


def test_a_change_is_a_version_and_no_change_is_none(as_lena, lena, project):
    first = as_lena.get(ADDRESS).json()
    assert (first["number"], first["protocol"]) == (1, Protocol().dump())
    changed = change(as_lena, {"criteria": [HELPFUL]}).json()
    assert (changed["number"], changed["created_by"]) == (2, "Lena")
    assert changed["protocol"]["criteria"] == [{**HELPFUL, "description": "", "required": True}]
    assert change(as_lena, {"criteria": [HELPFUL]}).json()["number"] == 2
    assert change(as_lena, {}).json()["protocol"] == Protocol().dump()
    versions = as_lena.get(f"{ADDRESS}/versions").json()["results"]
    assert [version["number"] for version in versions] == [3, 2, 1]
    assert versions[1]["protocol"] == changed["protocol"]
    project.refresh_from_db()
    assert (project.protocol_version, project.protocol) == (3, Protocol().dump())
    assert AuditEvent.objects.filter(action="protocol.changed", actor=lena).count() == 2


def test_a_newer_version_is_not_overwritten_unread(as_lena, as_alice, project):
    assert change(as_lena, {"ties": False}, based_on=1).status_code == 200
    late = change(as_alice, {"edit": "optional"}, based_on=1)
    assert (late.status_code, late.json()["code"]) == (409, "protocol_changed")
    assert late.json()["fields"] == {"version": 2}
    assert change(as_alice, {"edit": "optional"}, based_on=2).json()["number"] == 3


def test_the_project_page_changes_only_what_it_names(as_alice, project):
    ask_for(project, criteria=[HELPFUL])
    body = as_alice.patch("/api/projects/support", {"protocol": {"ties": False}}, format="json").json()
    assert (body["protocol"]["ties"], body["protocol_version"]) == (False, 3)
    assert body["protocol"]["criteria"][0]["key"] == "helpful"
    assert ProtocolVersion.objects.get(project=project, number=3).body == body["protocol"]


def test_a_new_project_has_its_first_version(operator):
    made = create_project(actor=operator, name="New", now=NOON, protocol={"ties": False})
    version = ProtocolVersion.objects.get(project=made)
    assert (version.number, version.body, version.created_by) == (1, made.protocol, operator)


def test_a_project_without_rows_gets_its_current_version_on_the_first_change(as_alice, alice, as_operator):
    bare = Project.objects.create(slug="bare", name="Bare")
    assert as_operator.get("/api/projects/bare/protocol").json()["number"] == 1
    ask_for(bare, ties=False)
    assert list(bare.protocols.order_by("number").values_list("number", flat=True)) == [1, 2]
    assert bare.protocols.get(number=1).body["ties"] is True


def test_judgments_name_the_version_they_were_handed_out_with(project, bob):
    fill_queue(project, 2)
    [old] = next_of(bob, project)
    ask_for(project, ties=False, comment={"ask": "required", "min_length": 3})
    _, new = next_of(bob, project, count=2)
    judge(bob, old)
    judge(bob, new, comment="Because.")
    versions = [judgment.presentation["protocol_version"] for judgment in Judgment.objects.order_by("pk")]
    assert versions == [1, 2]


@pytest.mark.parametrize(
    ("who", "status"),
    [("as_alice", 200), ("as_lena", 200), ("as_rita", 403), ("as_bob", 403), ("as_charlie", 404)],
)
def test_leads_and_owners_change_the_protocol(project, request, who, status):
    assert change(request.getfixturevalue(who), {"ties": False}).status_code == status


@pytest.mark.once
def test_the_schema_describes_the_protocol_both_ways(tmp_path):
    path = tmp_path / "openapi.yaml"
    call_command("spectacular", file=str(path))
    schemas = yaml.safe_load(path.read_text())["components"]["schemas"]
    assert set(schemas["Protocol"]["required"]) == set(Protocol.model_fields)
    assert "required" not in schemas["ProtocolRequest"]
    assert schemas["Assignment"]["properties"]["protocol"]["$ref"].endswith("/Protocol")
    assert json.dumps(schemas["Criterion"]).count("Whole") <= 1


@pytest.mark.once
def test_protocols_do_not_need_django():
    import subprocess
    import sys

    code = "import labeling.protocol, sys; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_protocol_never_changes_in_place():
    with pytest.raises(ValidationError):
        Protocol().ties = False
