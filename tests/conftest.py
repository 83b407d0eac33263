"""The cast, one project, and a client for each: alice owns, rita researches, lena leads, bob and
carol annotate, charlie is an outsider, and the operator runs the server."""

from __future__ import annotations

import contextlib
import gc
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from deploy import stack
from tests.services import FOLDERS_OF_THE_WHOLE, FOLDERS_THAT_TRAIN

if TYPE_CHECKING:
    from rest_framework.test import APIClient

    from labeling.core.live import Event
    from labeling.core.models import User
    from labeling.models import Project

PASSWORD = "a horse that counts to nine"
ROOT = Path(__file__).parents[1]
# Most dispatchers of these tests train nothing, or once: they need no libraries ahead.
os.environ.setdefault("LOCAL_WARM", "0")


def pytest_collection_finish() -> None:
    """What is loaded by now stays: without it, collecting garbage takes a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.hookimpl(tryfirst=True)  # before it is chosen by marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what trains. A bare `pytest` skips what needs a service; `make test` starts both and skips
    nothing."""
    from django.db import connection

    missing = {
        "postgres": connection.vendor != "postgresql" and "DATABASE_URL is not PostgreSQL",
        "redis": not os.environ.get("TEST_REDIS_URL") and "TEST_REDIS_URL is not set",
    }
    for item in items:
        folder = "/".join(item.path.relative_to(ROOT).parts[:2])
        if folder in FOLDERS_THAT_TRAIN:
            item.add_marker(pytest.mark.training)
        elif item.get_closest_marker("training") and folder not in FOLDERS_OF_THE_WHOLE:
            raise pytest.UsageError(f"{item.nodeid} trains where no lane of tests/services.py looks.")
        for marker, reason in missing.items():
            if reason and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """On SQLite the database of the tests starts as a copy too, so that there is nothing left to migrate."""
    from django.db import connection

    if connection.vendor != "sqlite":
        return
    create = connection.creation._create_test_db

    def create_test_db(*args: object, **options: object) -> str:
        name = create(*args, **options)
        with contextlib.closing(sqlite3.connect(stack.laid_database())) as laid:
            # Shared memory lives as long as somebody is connected.
            connection.creation.keeper = keeper = sqlite3.connect(name, uri=True)  # type: ignore[attr-defined]
            laid.backup(keeper)
        return name

    connection.creation._create_test_db = create_test_db


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """Tests with real transactions empty the tables behind them. On SQLite that is DELETE, which the
    audit log refuses, so its guard is down for as long as it takes."""
    from django.db import connection

    from labeling.core import append_only

    if connection.vendor != "sqlite":
        return
    sql_flush = type(connection.ops).sql_flush

    def sql_flush_of_guarded(self: object, *args: object, **options: object) -> list[str]:
        emptying = sql_flush(self, *args, **options)
        return [*append_only.UNGUARD["sqlite"], *emptying, *append_only.GUARD["sqlite"]]

    type(connection.ops).sql_flush = sql_flush_of_guarded  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _house(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Each test has its own folder and cache, cheap passwords, and publishes into a list."""
    if not {"db", "transactional_db", "settings", "published"} & set(request.fixturenames):
        return
    from django.core.cache import cache

    from labeling.core.services import limits

    settings = request.getfixturevalue("settings")
    settings.VAR_DIR = tmp_path / "var"
    settings.ARTIFACT_URL = f"file://{tmp_path / 'artifacts'}"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.FRONTEND_DIST = tmp_path / "dist"
    settings.WHITENOISE_ROOT = None  # each client would look through all files of the pages
    cache.clear()
    limits.forget_writes()
    request.getfixturevalue("published")


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """What was published. Run what waits for the commit with `django_capture_on_commit_callbacks`."""
    from labeling.core import live

    events: list[Event] = []
    monkeypatch.setattr(live, "_outbox", SimpleNamespace(add=events.append))
    return events


@pytest.fixture
def make_user(db: None) -> Callable[..., User]:
    from labeling.core.models import User

    def make(name: str, **fields: object) -> User:
        user = User(email=f"{name.lower()}@example.com", name=name, **fields)
        user.set_password(PASSWORD)
        user.save()
        return user

    return make


@pytest.fixture
def alice(make_user: Callable[..., User]) -> User:
    return make_user("Alice")


@pytest.fixture
def rita(make_user: Callable[..., User]) -> User:
    return make_user("Rita")


@pytest.fixture
def lena(make_user: Callable[..., User]) -> User:
    return make_user("Lena")


@pytest.fixture
def bob(make_user: Callable[..., User]) -> User:
    return make_user("Bob")


@pytest.fixture
def carol(make_user: Callable[..., User]) -> User:
    return make_user("Carol")


@pytest.fixture
def charlie(make_user: Callable[..., User]) -> User:
    return make_user("Charlie")


@pytest.fixture
def operator(make_user: Callable[..., User]) -> User:
    return make_user("Olga", is_operator=True)


@pytest.fixture
def project(alice: User, rita: User, lena: User, bob: User, carol: User) -> Project:
    """“Support”, with everyone in their role but charlie."""
    from labeling.models import GuidelineVersion, Membership, Project, ProtocolVersion

    made = Project.objects.create(slug="support", name="Support")
    ProtocolVersion.objects.create(project=made, number=1, body=made.protocol)
    roles = [(alice, "owner"), (rita, "researcher"), (lena, "lead"), (bob, "annotator"), (carol, "annotator")]
    Membership.objects.bulk_create(Membership(project=made, user=user, role=role) for user, role in roles)
    GuidelineVersion.objects.create(project=made, number=1, text="Prefer the reply that helps.")
    return made


@pytest.fixture
def login() -> Callable[[User], APIClient]:
    """A client signed in as someone; call it twice for two browsers."""
    from rest_framework.test import APIClient

    def sign_in(user: User) -> APIClient:
        client = APIClient()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def anonymous() -> APIClient:
    from rest_framework.test import APIClient

    return APIClient()


@pytest.fixture
def as_alice(login: Callable[[User], APIClient], alice: User) -> APIClient:
    return login(alice)


@pytest.fixture
def as_rita(login: Callable[[User], APIClient], rita: User) -> APIClient:
    return login(rita)


@pytest.fixture
def as_lena(login: Callable[[User], APIClient], lena: User) -> APIClient:
    return login(lena)


@pytest.fixture
def as_bob(login: Callable[[User], APIClient], bob: User) -> APIClient:
    return login(bob)


@pytest.fixture
def as_carol(login: Callable[[User], APIClient], carol: User) -> APIClient:
    return login(carol)


@pytest.fixture
def as_charlie(login: Callable[[User], APIClient], charlie: User) -> APIClient:
    return login(charlie)


@pytest.fixture
def as_operator(login: Callable[[User], APIClient], operator: User) -> APIClient:
    return login(operator)
