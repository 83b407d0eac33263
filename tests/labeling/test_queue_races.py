"""The queue under real concurrency: processes, a barrier, and the database that is configured
(`make test` runs these on SQLite and on PostgreSQL)."""

from __future__ import annotations

import io
import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.db import connections

from labeling.core.errors import Conflict
from labeling.core.models import User
from labeling.models import Assignment, Batch, Judgment, Membership, Project, Prompt, Slot, Task, Withdrawal
from labeling.selectors.queue import assignment_of
from labeling.services.assignments import heartbeat, next_assignments, skip
from labeling.services.drafts import save_draft
from labeling.services.imports import import_rows
from labeling.services.queue import close_batch
from labeling.services.undo import undo
from tests.labeling.factories import NOON, fill_queue, judge, keys_of, next_of
from tests.labeling.racing import check_invariants, database_for_processes, fork, race

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + timedelta(hours=1)


@pytest.fixture(autouse=True)
def shared_database(transactional_db: None, tmp_path: Path) -> Iterator[None]:
    with database_for_processes(tmp_path):
        yield


@pytest.fixture
def crowd(project: Project, make_user: Callable[..., User]) -> list[User]:
    people = [make_user(f"Person{number}") for number in range(8)]
    Membership.objects.bulk_create(
        Membership(project=project, user=person, role="annotator") for person in people
    )
    return people


def claim(user: User, project: Project, count: int = 1, now=NOON) -> list[UUID]:
    return [
        offer.id for offer in next_assignments(user=user, project=project, count=count, now=now).assignments
    ]


@pytest.mark.parametrize("overlap", [1, 3])
def test_the_last_slots_go_to_exactly_as_many(project, crowd, overlap):
    fill_queue(project, 1, overlap=overlap)
    won = race(*[partial(claim, person, project) for person in crowd])
    assert sum(map(len, won)) == overlap
    assert Slot.objects.filter(state="leased").count() == overlap
    check_invariants()


def test_a_crowd_takes_every_slot_once(project, crowd):
    fill_queue(project, 20, overlap=2)

    def work(person: User) -> int:
        num_judged = 0
        while held := next_of(person, project, count=3):
            for one in held:
                judge(person, one)
                num_judged += 1
        return num_judged

    judged = race(*[partial(work, person) for person in crowd])
    # A claim passes over rows another claim is taking, so someone may leave just before a skip
    # gives one back; nothing is given back here.
    assert sum(judged) == 40
    assert Slot.objects.exclude(state="done").count() == 0
    check_invariants()


def test_two_tabs_of_one_person_hold_one_assignment(project, bob):
    fill_queue(project, 1, overlap=5)
    held = race(*[partial(claim, bob, project) for _ in range(5)])
    assert len({one for tab in held for one in tab}) == 1
    assert Assignment.objects.count() == 1
    check_invariants()


def test_a_person_new_to_the_project_opens_two_tabs(project, bob):
    fill_queue(project, 4)
    held = race(*[partial(claim, bob, project, 2) for _ in range(5)])
    assert all(sorted(tab) == sorted(held[0]) for tab in held)
    check_invariants()


def submit_again(user: User, assignment: Assignment, key: UUID) -> tuple[int, str, bool]:
    submitted = judge(user, assignment, client_key=key)
    return submitted.judgment_id, submitted.state, submitted.replayed


def test_the_same_submit_many_times_at_once_is_one_judgment(project, bob):
    fill_queue(project, 1)
    [held] = next_of(bob, project)
    key = uuid4()
    results = race(*[partial(submit_again, bob, held, key) for _ in range(6)])
    assert {(pk, state) for pk, state, _ in results} == {(Judgment.objects.get().pk, "accepted")}
    assert [replayed for _, _, replayed in results].count(False) == 1
    check_invariants()


def test_a_client_that_died_after_the_commit_may_retry(project, bob):
    fill_queue(project, 1)
    [held] = next_of(bob, project)
    key = uuid4()

    def submit_and_die() -> None:
        judge(bob, held, client_key=key)
        os._exit(9)

    connections.close_all()
    child = fork.Process(target=submit_and_die)
    child.start()
    child.join(30)
    assert child.exitcode == 9
    again = judge(bob, held, client_key=key)
    assert (again.state, again.replayed, Judgment.objects.count()) == ("accepted", True, 1)


def test_two_tabs_that_say_different_things_end_in_one_last_word(project, bob):
    fill_queue(project, 1)
    [held] = next_of(bob, project)
    results = race(*[partial(submit_again, bob, held, uuid4()) for _ in range(6)])
    assert Counter(state for _, state, _ in results) == {"accepted": 1, "corrected": 5}
    assert Judgment.objects.count() == 6
    check_invariants()


def test_a_late_submit_meets_the_next_claim(project, bob, carol):
    """Whoever comes first, bob's work is kept and at most one of them fills the slot."""
    for number in range(8):
        fill_queue(project, 1, word=f"Round {number}")
        [held] = next_of(bob, project)
        late, taken = race(
            partial(submit_again, bob, held, uuid4()), partial(claim, carol, project, 1, LATER)
        )
        assert (late[1], len(taken)) in (("accepted", 0), ("surplus", 1))
        for one in taken:
            judge(carol, assignment_of(user=carol, assignment_id=one), now=LATER)
    assert Judgment.objects.filter(annotator__user=bob).count() == 8
    check_invariants()


def try_to_skip(user: User, assignment: Assignment) -> str:
    try:
        skip(user=user, assignment=assignment, lease_token=assignment.fence, reason="", now=NOON)
    except Conflict as refused:
        return refused.code
    return "skipped"


def test_a_skip_meets_a_submit(project, bob):
    for number in range(8):
        fill_queue(project, 1, word=f"Round {number}")
        [held] = next_of(bob, project)
        skipped, said = race(partial(try_to_skip, bob, held), partial(submit_again, bob, held, uuid4()))
        # Skipped first: the judgment is kept beside the slot, which others may still fill.
        assert (skipped, said[1]) in (("submitted", "accepted"), ("skipped", "surplus"))
        Slot.objects.filter(state="open").update(withdrawn=True)
    assert Judgment.objects.count() == 8
    check_invariants()


def test_a_late_submit_meets_ones_own_new_lease(project, bob, carol):
    """Bob's old tab submits while his new tab asks for work and is given the same task."""
    for number in range(6):
        fill_queue(project, 1, word=f"Round {number}")
        [old] = next_of(bob, project)
        [taken] = next_of(carol, project, now=LATER)
        skip(user=carol, assignment=taken, lease_token=taken.fence, reason="", now=LATER)
        late, new = race(partial(submit_again, bob, old, uuid4()), partial(claim, bob, project, 1, LATER))
        assert late[1] == "surplus"
        for one in new:
            judge(bob, assignment_of(user=bob, assignment_id=one), now=LATER)
        check_invariants()
        Slot.objects.filter(state="open").update(withdrawn=True)


def test_a_batch_queued_twice_at_once_is_there_once(project):
    def queue() -> int:
        return fill_queue(project, 10, reference="run:1:samples").tasks_created

    assert race(*[queue] * 4) == [10] * 4
    assert (Batch.objects.count(), Task.objects.count()) == (1, 10)


def test_the_same_rows_imported_at_once_land_once(project):
    rows = [{"prompt": f"Q{n}", "chosen": "yes", "rejected": "no"} for n in range(50)]
    content = "\n".join(map(json.dumps, rows)).encode()

    def load() -> int:
        return import_rows(project=project, stream=io.BytesIO(content), now=NOON).judgments_created

    assert sorted(race(*[load] * 3)) == [0, 0, 50]
    assert (Prompt.objects.count(), Judgment.objects.count()) == (50, 50)


def test_closing_a_batch_meets_claims(project, crowd):
    batch = fill_queue(project, 30).batch
    close = partial(close_batch, batch_id=batch.pk, now=NOON)
    race(close, *[partial(claim, person, project, 3) for person in crowd])
    assert claim(crowd[0], project, 10, LATER) is not None
    assert Slot.objects.filter(state="open", withdrawn=False).count() == 0
    check_invariants()


def try_to_undo(user: User, assignment: Assignment, judgment_id: int, now=NOON) -> str:
    try:
        undo(user=user, assignment=assignment, judgment_id=judgment_id, reason="", now=now)
    except Conflict as refused:
        return refused.code
    return "undone"


def test_undo_many_times_at_once_is_undo_once(project, bob):
    fill_queue(project, 1)
    [held] = next_of(bob, project)
    judgment_id = judge(bob, held).judgment_id
    assert set(race(*[partial(try_to_undo, bob, held, judgment_id)] * 5)) == {"undone"}
    assert (Withdrawal.objects.count(), Slot.objects.get().state) == (1, "leased")
    check_invariants()


def test_an_undo_meets_a_correction(project, bob):
    """Corrected first: there is nothing left to undo. Undone first: it is a judgment anew."""
    for number in range(6):
        fill_queue(project, 1, word=f"Round {number}")
        [held] = next_of(bob, project)
        judgment_id = judge(bob, held).judgment_id
        undone, said = race(
            partial(try_to_undo, bob, held, judgment_id), partial(submit_again, bob, held, uuid4())
        )
        assert (undone, said[1]) in (("not_last_word", "corrected"), ("undone", "accepted"))
        check_invariants()


def test_an_undo_meets_a_claim_and_a_skip(project, bob, carol):
    """What is given back is bob's alone, until he skips it."""
    for number in range(6):
        fill_queue(project, 1, word=f"Round {number}")
        [held] = next_of(bob, project)
        judgment_id = judge(bob, held).judgment_id
        undone, skipped, taken = race(
            partial(try_to_undo, bob, held, judgment_id),
            partial(try_to_skip, bob, held),
            partial(claim, carol, project),
        )
        assert (undone, skipped) in (("undone", "submitted"), ("undone", "skipped"))
        assert not taken or skipped == "skipped"
        held.refresh_from_db()
        assert (held.state == "skipped") == (skipped == "skipped")
        for one in taken:
            judge(carol, assignment_of(user=carol, assignment_id=one))
        check_invariants()
        if skipped == "submitted":
            try_to_skip(bob, held)
        Slot.objects.exclude(state="done").update(withdrawn=True)


def try_to_save(user: User, assignment: Assignment, body: str) -> str:
    try:
        save_draft(assignment=assignment, revision=0, body=body, now=NOON)
    except Conflict as refused:
        return refused.code
    return body


def test_one_of_two_devices_saves_its_draft(project, bob):
    fill_queue(project, 1)
    [held] = next_of(bob, project)
    saved = race(*[partial(try_to_save, bob, held, f"device {number}") for number in range(5)])
    [won] = set(saved) - {"draft_conflict"}
    assert saved.count("draft_conflict") == 4
    held.refresh_from_db()
    assert (held.draft, held.draft_revision) == (won, 1)


def test_a_submit_meets_the_last_save_of_its_draft(project, bob):
    """Whichever comes first, no draft stays behind."""
    for number in range(6):
        fill_queue(project, 1, word=f"Round {number}")
        [held] = next_of(bob, project)
        race(partial(submit_again, bob, held, uuid4()), partial(try_to_save, bob, held, "typing"))
        held.refresh_from_db()
        assert (held.state, held.draft) == ("submitted", None)


# --- anything, at any time -------------------------------------------------------------

NUM_ACTS = 60
MAX_SECONDS = 15
LEASE_SECONDS = 60
# The clock of the run goes this much faster, so that leases run out all the time.
SPEED = 150
TOLD = {"lease_lost", "submitted", "undo_over", "not_last_word", "draft_conflict"}


def act_at_random(user: User, project: Project, seed: int) -> dict[UUID, int]:
    """Claim, judge, skip, renew, retry and correct for a while; what was acknowledged."""
    rng = random.Random(seed)
    acknowledged: dict[UUID, int] = {}
    known: list[Assignment] = []
    sent: list[tuple[Assignment, UUID]] = []
    started = time.monotonic()
    for _ in range(NUM_ACTS):
        elapsed = time.monotonic() - started
        if elapsed > MAX_SECONDS:
            break
        now = NOON + timedelta(seconds=elapsed * SPEED)
        dice = rng.random()
        if not known or dice < 0.3:
            known += next_of(user, project, count=rng.randint(1, 3), now=now)
            known = known[-12:]
            continue
        one = rng.choice(known)
        try:
            if dice < 0.75:
                key = uuid4()
                keys = keys_of(one)
                rng.shuffle(keys)
                submitted = judge(user, one, tiers=[[k] for k in keys], client_key=key, now=now)
                assert not submitted.replayed
                assert submitted.state != "withdrawn"
                acknowledged[key] = submitted.judgment_id
                sent.append((one, key))
            elif dice < 0.82 and sent:
                again, key = rng.choice(sent)
                assert judge(user, again, client_key=key, now=now).judgment_id == acknowledged[key]
            elif dice < 0.87 and sent:
                again, key = rng.choice(sent)
                undo(user=user, assignment=again, judgment_id=acknowledged[key], reason="", now=now)
            elif dice < 0.9:
                save_draft(assignment=one, revision=rng.randint(0, 3), body={"dice": dice}, now=now)
            elif dice < 0.95:
                skip(user=user, assignment=one, lease_token=one.fence, reason="", now=now)
            else:
                heartbeat(assignment=one, lease_token=one.fence, now=now)
        except Conflict as refused:
            if refused.code not in TOLD:
                raise
    return acknowledged


def test_whatever_people_do_nothing_is_lost_or_doubled(project, crowd):
    project.lease_seconds = LEASE_SECONDS
    project.save()
    fill_queue(project, 120, overlap=2, num_responses=3)
    # Two tabs for each of three people.
    racers = [partial(act_at_random, crowd[number % 3], project, seed=number) for number in range(6)]
    acknowledged: dict[UUID, int] = {}
    for part in race(*racers):
        acknowledged |= part
    assert len(acknowledged) > 20
    check_invariants(acknowledged)
