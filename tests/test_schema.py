"""Requests made up from the schema of every operation: none breaks the server, and each answer
is one that the schema declares."""

import zlib

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.generation.meta import CoverageScenario, TestPhase

from deploy.wsgi import application
from tests.labeling.factories import fill_queue, judge, next_of

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
CSRF_TOKEN = "a" * 32
ANNOTATOR, OPERATOR = "an annotator", "the operator"

schema = schemathesis.openapi.from_wsgi("/api/schema?format=json", application)


@schemathesis.serializer("application/x-ndjson")
def as_one_line(context, value):
    return str(value).encode()


@pytest.fixture
def one_connection(db):
    """The requests run inside the test's transaction, so they must not hang up after each."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def house(project, bob):
    """Something at every kind of address: tasks waiting, one of them leased to bob, one judged."""
    fill_queue(project, 4)
    judged, leased = next_of(bob, project, count=2)
    judge(bob, judged)
    return {"assignment_id": str(leased.pk), "slug": project.slug}


@pytest.fixture
def visitors(one_connection, login, house, bob, operator):
    """The cookies of nobody, of an annotator, and of the operator, who may do all that an owner may."""
    signed_in = {ANNOTATOR: login(bob), OPERATOR: login(operator)}
    token = {"csrftoken": CSRF_TOKEN}
    return {"nobody": token} | {
        who: {**token, "sessionid": client.cookies["sessionid"].value} for who, client in signed_in.items()
    }


def is_left_out(case):
    """Three of four wrong types: there are thousands, and one parser turns away all of them."""
    tried = case.meta.phase.data
    number = zlib.crc32(f"{case.operation.label} {tried.description}".encode())
    return tried.scenario == CoverageScenario.INCORRECT_TYPE and number % 4 > 0


@schema.parametrize()
@settings(
    max_examples=3,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_made_up_requests_are_answered_as_declared(case, visitors, house):
    for name in case.path_parameters.keys() & house.keys():
        case.path_parameters[name] = house[name]
    (case.headers or {}).pop("Authorization", None)  # a made-up token would hide who is signed in
    askers = list(visitors)
    if case.meta.phase.name == TestPhase.COVERAGE:
        # The borders of every value are tried by who gets that far: whose assignment it is, or who may
        # do everything.
        askers = (
            [] if is_left_out(case) else [ANNOTATOR if "assignment_id" in case.path_parameters else OPERATOR]
        )
    for who in askers:
        answer = case.call(headers={"X-CSRFToken": CSRF_TOKEN}, cookies=visitors[who])
        try:
            case.validate_response(answer, checks=CHECKS)
        except Exception as wrong:
            wrong.add_note(f"asked by {who}")
            raise
