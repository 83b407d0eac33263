"""Requests made up from the schema of every operation: none breaks the server, and each answer
is one that the schema declares."""

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

from deploy.wsgi import application

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
CSRF_TOKEN = "a" * 32

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
def operators_cookies(one_connection, as_operator, project):
    return {"sessionid": as_operator.cookies["sessionid"].value, "csrftoken": CSRF_TOKEN}


@schema.parametrize()
@settings(
    max_examples=5,
    derandomize=True,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_made_up_requests_are_answered_as_declared(case, operators_cookies):
    if "slug" in case.path_parameters:
        case.path_parameters["slug"] = "support"
    answer = case.call(headers={"X-CSRFToken": CSRF_TOKEN}, cookies=operators_cookies)
    case.validate_response(answer, checks=CHECKS)
