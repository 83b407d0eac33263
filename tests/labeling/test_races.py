"""What happens when two people do the same thing at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.utils import timezone

from labeling.core.errors import Conflict, DomainError
from labeling.core.models import AuditEvent, User
from labeling.core.services import accounts, setup
from labeling.models import GuidelineVersion, Membership, Project
from labeling.services import guidelines, members, projects
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
NUM_THREADS = 8


def at_once(act) -> list:
    """The results of `act(number)`, called by threads that start together."""
    barrier = Barrier(NUM_THREADS)

    def run(number: int):
        try:
            barrier.wait(timeout=10)
            return act(number)
        except DomainError as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(NUM_THREADS) as pool:
        return list(pool.map(run, range(NUM_THREADS)))


def test_only_one_becomes_the_first_administrator():
    ContentType.objects.get_or_create(app_label="core", model="user")
    key = setup.ensure_setup_key()
    results = at_once(
        lambda number: setup.set_up(
            email=f"p{number}@example.com", name="P", password=PASSWORD, setup_key=key, address="a"
        )
    )
    assert sum(isinstance(result, User) for result in results) == 1
    assert User.objects.count() == 1


def test_one_account_per_address():
    results = at_once(lambda _: accounts.create_user(email="d@example.com", name="D", password=PASSWORD))
    assert sum(isinstance(result, User) for result in results) == 1
    assert all(isinstance(result, (User, Conflict)) for result in results)


def test_projects_of_one_name_get_different_slugs(operator):
    results = at_once(
        lambda _: projects.create_project(actor=operator, name="Support", now=timezone.now()).slug
    )
    assert sorted(results) == ["support", *(f"support-{number}" for number in range(2, NUM_THREADS + 1))]


def test_guideline_versions_are_numbered_without_gaps(project, lena):
    at_once(
        lambda number: guidelines.add_guidelines(
            actor=lena, project=project, text=f"text {number}", now=project.created_at
        )
    )
    numbers = GuidelineVersion.objects.filter(project=project).values_list("number", flat=True)
    assert sorted(numbers) == list(range(1, NUM_THREADS + 2))


def test_a_role_is_given_once(project, alice, charlie):
    results = at_once(
        lambda _: members.add_member(
            actor=alice, project=project, email=charlie.email, role="annotator", now=project.created_at
        )
    )
    assert sum(isinstance(result, Membership) for result in results) == 1
    assert all(isinstance(result, (Membership, Conflict)) for result in results)


def test_owners_cannot_remove_each_other_until_none_is_left(project, alice, make_user):
    people = [alice, *(make_user(f"owner{number}") for number in range(NUM_THREADS - 1))]
    owners = [
        Membership.objects.get_or_create(project=project, user=person, role="owner")[0] for person in people
    ]
    operator = make_user("Olga", is_operator=True)
    at_once(
        lambda number: members.remove_member(actor=operator, project=project, membership_id=owners[number].pk)
    )
    assert Membership.objects.filter(project=project, role="owner").count() == 1


def test_protocol_versions_count_every_change(project, alice):
    at_once(
        lambda number: projects.update_project(
            actor=alice, project=project, changes={"protocol": {"ties": number % 2 == 0}}, now=timezone.now()
        )
    )
    changed = Project.objects.get(pk=project.pk)
    assert changed.protocol_version == 1 + AuditEvent.objects.filter(action="project.updated").count()
