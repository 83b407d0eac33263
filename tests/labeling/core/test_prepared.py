"""A prepared query answers like the queryset it was made from."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from labeling.core.models import User
from labeling.core.prepared import FEW_ROWS, Prepared, PreparedUpdate, insert
from labeling.models import Assignment, Generator, Membership, Slot
from tests.labeling.factories import NOON, fill_queue, next_of


def test_models_come_with_their_relations_and_annotations(project, bob, carol):
    build = lambda user_id: (  # noqa: E731
        Membership.objects.filter(user=user_id)
        .select_related("project", "user")
        .annotate(slug=F("project__slug"))
    )
    prepared = Prepared(build)
    for person in (bob, carol, bob):
        [found], [expected] = prepared.all(user_id=person.pk), list(build(person.pk))
        assert found == expected
        assert found.project.protocol == expected.project.protocol
        assert (found.user.email, found.slug) == (person.email, "support")
        assert found.created_at == expected.created_at
    assert prepared.all(user_id=2**40) == []
    assert prepared.first(user_id=2**40) is None


def test_a_prepared_query_is_not_compiled_again(project, bob, django_assert_num_queries):
    calls = []

    def build(email):
        calls.append(email)
        return User.objects.filter(email=email).values_list("pk", "name")

    prepared = Prepared(build)
    with django_assert_num_queries(3):
        for _ in range(3):
            assert prepared.all(email=bob.email) == [(bob.pk, "Bob")]
    assert len(calls) == 1


def test_sequences_times_and_uuids_are_filled_in(project, bob):
    fill_queue(project, 3)
    held = next_of(bob, project, count=3)
    by_id = Prepared(lambda ids: Assignment.objects.filter(pk__in=ids).order_by("pk"))
    for some in (held[:1], held, held[1:]):
        ids = [one.pk for one in some]
        assert [one.pk for one in by_id.all(ids=ids)] == sorted(ids)
    assert by_id.all(ids=[uuid4()]) == []
    since = Prepared(lambda now: Assignment.objects.filter(leased_at__gte=now))
    assert len(since.all(now=NOON)) == 3
    assert since.all(now=NOON + timedelta(seconds=1)) == []


def test_an_update_says_how_many_rows_it_changed(project, bob):
    fill_queue(project, 2)
    renew = PreparedUpdate(
        lambda id, now: (
            Slot.objects.filter(pk=id, state="open"),
            {"lease_expires_at": now, "state": "leased"},
        )
    )
    first, second = Slot.objects.order_by("pk")
    assert renew.run(id=first.pk, now=NOON) == 1
    assert renew.run(id=first.pk, now=NOON) == 0
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.lease_expires_at, second.state) == ("leased", NOON, "open")


def test_a_value_that_cannot_stand_in_is_refused(db):
    with pytest.raises(TypeError, match="write it into the query"):
        Prepared(lambda name: User.objects.filter(name=name)).all(name=None)


@pytest.mark.parametrize("num", [0, 1, 3, FEW_ROWS + 1])
def test_rows_are_stored_as_bulk_create_stores_them(project, num):
    made = [
        Generator(project=project, kind="model", name=f"policy {n}", digest=str(n), config={"top_p": 0.9})
        for n in range(num)
    ]
    insert(made)
    stored = list(Generator.objects.order_by("pk"))
    assert [(one.name, one.config) for one in stored] == [(one.name, one.config) for one in made]
    assert [one.pk for one in made] == [one.pk for one in stored]
    assert not any(one._state.adding for one in made)
    if num:
        with pytest.raises(IntegrityError), transaction.atomic():
            insert([Generator(project=project, kind="model", name="again", digest="0")])
