"""Generated over every address there is, so that a new one cannot be forgotten."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from django.apps import apps
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from labeling.core.api.views import ApiView
from labeling.core.models import User
from labeling.core.permissions import MATRIX, ROLES, Access, Permission, allowed
from labeling.models import Annotator, Assignment, Batch, Membership, Project, Prompt, Slot, Task

pytestmark = pytest.mark.once
NOT_OURS = {"api/schema", "api/health"}


class Address(NamedTuple):
    route: str
    view: type
    params: dict[str, str]  # name → converter


def addresses(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[Address]:
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from addresses(entry, route)
        elif isinstance(entry, URLPattern) and route.startswith("api/") and route not in NOT_OURS:
            view = getattr(entry.callback, "cls", entry.callback)
            params = {name: type(converter).__name__ for name, converter in entry.pattern.converters.items()}
            yield Address(route, view, params)


ADDRESSES = list(addresses())
CALLS = [
    pytest.param(address, method, needed, id=f"{method} {address.route}")
    for address in ADDRESSES
    for method, needed in getattr(address.view, "access", {}).items()
]
SCOPED = [call for call in CALLS if isinstance(call.values[2], Permission)]
IN_PROJECT = [call for call in SCOPED if "slug" in call.values[0].params]
BY_ID = [call for call in SCOPED if "slug" not in call.values[0].params]


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: address.route)
def test_every_view_says_who_may_call_it(address):
    assert issubclass(address.view, ApiView), f"{address.route}: extend ApiView and fill in `access`"
    served = {name.upper() for name in address.view.http_method_names if hasattr(address.view, name)}
    assert set(address.view.access) == served - {"HEAD"}, f"{address.route}: one entry per method"


def test_the_matrix_names_every_permission_and_known_roles():
    from labeling.models.projects import Role

    assert set(ROLES) == set(Role.values)
    assert set(MATRIX) == set(Permission)
    assert allowed(roles=set()) == frozenset()
    assert allowed(roles={"owner"}) == allowed(roles=set(), is_operator=True) == frozenset(Permission)
    assert Permission.RUN_LAUNCH not in allowed(roles={"lead"})
    assert Permission.MEMBERS_MANAGE not in allowed(roles={"researcher"})


ANY_VALUE = {"IntConverter": "987654321", "UUIDConverter": str(uuid.UUID(int=7)), "SlugConverter": "x"}


def path_of(address: Address, **values: object) -> str:
    path = f"/{address.route}"
    for name, converter in address.params.items():
        value = str(values.get(name, ANY_VALUE.get(converter, "x")))
        kind = {
            "IntConverter": "int",
            "UUIDConverter": "uuid",
            "SlugConverter": "slug",
            "PathConverter": "path",
        }
        path = path.replace(f"<{kind.get(converter, 'str')}:{name}>", value).replace(f"<{name}>", value)
    assert "<" not in path, path
    return path


def unknown_id(address: Address, name: str) -> str:
    return ANY_VALUE[address.params[name]]


def call(client, method: str, path: str):
    return client.generic(method, path, b"{}", content_type="application/json")


@pytest.mark.parametrize(
    ("address", "method", "needed"), [call for call in CALLS if call.values[2] is not Access.PUBLIC]
)
def test_strangers_are_asked_to_sign_in(address, method, needed, anonymous, project):
    answer = call(anonymous, method, path_of(address, slug=project.slug))
    assert answer.status_code == 401, answer.content


@pytest.mark.parametrize(("address", "method", "needed"), IN_PROJECT)
def test_a_project_is_closed_to_outsiders_and_to_wrong_roles(
    address, method, needed, login, project, charlie, make_user
):
    path = path_of(address, slug=project.slug)
    assert call(login(charlie), method, path).status_code == 404
    for role in ROLES:
        member = make_user(f"only-{role}")
        Membership.objects.create(project=project, user=member, role=role)
        answer = call(login(member), method, path)
        if role in MATRIX[needed]:
            assert answer.status_code not in {401, 403}, (role, answer.content)
        else:
            assert answer.status_code == 403, (role, answer.content)


def an_assignment(project, annotator) -> Assignment:
    seat = Annotator.objects.create(kind="person", user=annotator)
    batch = Batch.objects.create(project=project, reference="a", name="A")
    prompt = Prompt.objects.create(project=project, messages=[], hash="a", root_hash="a", split="train")
    task = Task.objects.create(project=project, batch=batch, prompt=prompt)
    slot = Slot.objects.create(project=project, task=task, slot_no=1, arm="random", fence=1)
    return Assignment.objects.create(
        slot=slot, task=task, annotator=seat, fence=1, presented=[], leased_at=timezone.now()
    )


def a_row(name: str, /, **fields: object) -> Callable[[Project, User], Model]:
    model = apps.get_model("rlhf", name)
    return lambda project, annotator: model._default_manager.create(project=project, **fields)


def a_round(project, annotator) -> Model:
    policy = a_row("ModelVersion", kind="base", name="base", number=1)(project, annotator)
    return a_row("Round", number=1, spec={}, policy_in=policy)(project, annotator)


# What each id in an address names. An address with another one needs its row here.
OBJECTS = {
    "assignment_id": an_assignment,
    "run_id": a_row("Run", kind="sft", spec={}),
    "snapshot_id": a_row("Snapshot", kind="preferences", digest="d", path="p"),
    "model_id": a_row("ModelVersion", kind="base", name="base", number=1),
    "round_id": a_round,
}


@pytest.mark.parametrize(("address", "method", "needed"), BY_ID)
def test_what_has_its_own_id_is_closed_like_its_project(
    address, method, needed, login, project, bob, charlie, make_user
):
    name = next(iter(address.params))
    made = OBJECTS[name](project, bob)
    path = path_of(address, **{name: made.pk})
    outside = call(login(charlie), method, path)
    unknown = call(login(bob), method, path_of(address))
    assert (outside.status_code, unknown.status_code) == (404, 404)
    told = outside.json()["message"].replace(str(made.pk), "…")
    assert told == unknown.json()["message"].replace(unknown_id(address, name), "…")
    for role in ROLES:
        member = make_user(f"only-{role}")
        Membership.objects.create(project=project, user=member, role=role)
        answer = call(login(member), method, path)
        if role not in MATRIX[needed]:
            assert answer.status_code in {403, 404}, (role, answer.content)
        elif name != "assignment_id":  # an assignment is one person's own
            assert answer.status_code not in {401, 403}, (role, answer.content)


WORKERS = [call for call in CALLS if call.values[2] is Access.RUN_TOKEN]


@pytest.mark.parametrize(("address", "method", "needed"), WORKERS)
def test_what_workers_call_is_closed_to_people(address, method, needed, as_operator, project):
    assert call(as_operator, method, path_of(address)).status_code == 401


def test_a_project_that_does_not_exist_looks_like_one_of_others(as_charlie, as_alice, project):
    closed = as_charlie.get("/api/projects/support").json()
    missing = as_charlie.get("/api/projects/nothing").json()
    assert closed["message"].replace("support", "nothing") == missing["message"]
    assert (closed["code"], closed["fields"]) == (missing["code"], missing["fields"])


def test_operators_may_do_everything_everywhere(as_operator, project):
    assert as_operator.get("/api/projects/support").json()["my_permissions"] == sorted(Permission)
    assert as_operator.get("/api/projects/support/audit").status_code == 200


def test_someone_deactivated_is_signed_out(login, project, bob):
    client = login(bob)
    bob.is_active = False
    bob.save()
    assert client.get("/api/projects/support").status_code == 401
