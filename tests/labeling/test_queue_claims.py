"""Who gets which task, and when."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labeling.core.errors import DomainError
from labeling.models import Annotator, Assignment, Batch, QueueCursor, Slot, Task
from labeling.services import assignments, claims
from labeling.services.queue import close_batch
from tests.labeling.factories import NOON, fill_queue, judge, next_of
from tests.labeling.plans import plan_of

LATER = NOON + timedelta(hours=1)


def ask(user, project, *, now=NOON, count=1, exclude=()):
    return assignments.next_assignments(user=user, project=project, count=count, exclude=exclude, now=now)


def test_a_task_is_leased_to_one_person(project, bob, carol):
    fill_queue(project, 1)
    assert len(ask(bob, project).assignments) == 1
    offers = ask(carol, project)
    assert (offers.assignments, offers.reason) == ([], "all_leased")


def test_a_lease_is_returned_again_with_the_same_content(project, bob):
    fill_queue(project, 3)
    assert ask(bob, project).assignments == ask(bob, project).assignments


def test_excluded_leases_are_neither_returned_nor_counted(project, bob):
    fill_queue(project, 3)
    [first] = ask(bob, project).assignments
    [second] = ask(bob, project, exclude=[first.id]).assignments
    assert second.id != first.id
    assert [one.id for one in ask(bob, project, count=2).assignments] == [first.id, second.id]


def test_several_are_claimed_at_once_and_never_two_of_one_task(project, bob):
    fill_queue(project, 3, overlap=3)
    held = next_of(bob, project, count=10)
    assert len(held) == len({one.task_id for one in held}) == 3


def test_nobody_holds_more_than_their_share(project, bob):
    fill_queue(project, 40)
    held: list = []
    while offers := ask(bob, project, count=10, exclude=held).assignments:
        held += [offer.id for offer in offers]
    assert len(held) == assignments.MAX_HELD


def test_higher_priority_comes_first(project, bob):
    fill_queue(project, 2, priority=0, word="Low")
    fill_queue(project, 2, priority=5, word="High")
    assert [one.task.priority for one in next_of(bob, project, count=3)] == [5, 5, 0]


def test_every_task_gets_its_first_judgment_before_any_gets_its_second(project, bob, carol):
    fill_queue(project, 3, overlap=2)
    for person in (bob, carol, bob):
        held = next_of(person, project)
        judge(person, held[0])
    assert sorted(Slot.objects.filter(state="done").values_list("slot_no", flat=True)) == [0, 0, 0]


def test_overlap_asks_different_people(project, bob, carol):
    fill_queue(project, 2, overlap=2)
    for person in (bob, carol):
        for _ in range(2):
            judge(person, next_of(person, project)[0])
        assert ask(person, project).assignments == []
    assert Slot.objects.filter(state="done").count() == 4


def test_what_is_left_on_ones_own_other_desk_is_told_from_what_waits_for_others(project, bob):
    fill_queue(project, 1, overlap=2)
    [held] = next_of(bob, project)
    assert ask(bob, project, exclude=[held.pk]).reason == "held_by_you"
    judge(bob, held)
    assert ask(bob, project, exclude=[held.pk]).reason == "no_more_for_you"


def test_a_new_batch_of_higher_priority_is_found_behind_the_cursor(project, bob):
    fill_queue(project, 3, overlap=2)
    for _ in range(3):
        judge(bob, next_of(bob, project)[0])
    assert ask(bob, project).reason == "no_more_for_you"
    fill_queue(project, 1, priority=9, word="Urgent")
    assert next_of(bob, project)[0].task.priority == 9


def test_expired_lease_is_offered_again(project, bob, carol):
    fill_queue(project, 1)
    [lost] = next_of(bob, project)
    assert ask(carol, project).assignments == []
    [taken] = next_of(carol, project, now=LATER)
    lost.refresh_from_db()
    assert (lost.state, taken.fence) == ("expired", lost.fence + 1)
    assert ask(bob, project, now=LATER).reason == "all_leased"


def test_an_expired_lease_nobody_took_goes_back_to_its_holder(project, bob):
    fill_queue(project, 1)
    [first] = ask(bob, project).assignments
    [again] = ask(bob, project, now=LATER).assignments
    assert again.id == first.id
    assert again.expires_at == LATER + timedelta(seconds=project.lease_seconds)


def test_who_lost_a_lease_may_get_the_task_again(project, bob, carol):
    fill_queue(project, 1)
    [lost] = next_of(bob, project)
    next_of(carol, project, now=LATER)
    [again] = next_of(bob, project, now=LATER + timedelta(hours=1))
    assert again.task_id == lost.task_id
    assert again.pk != lost.pk


def test_heartbeat_keeps_a_lease(project, bob, carol):
    fill_queue(project, 1)
    [held] = next_of(bob, project)
    almost = NOON + timedelta(seconds=project.lease_seconds - 1)
    expires_at = assignments.heartbeat(assignment=held, lease_token=held.fence, now=almost)
    assert expires_at == almost + timedelta(seconds=project.lease_seconds)
    assert ask(carol, project, now=almost + timedelta(seconds=5)).assignments == []


def test_heartbeat_tells_of_a_lost_lease(project, bob, carol):
    fill_queue(project, 1)
    [held] = next_of(bob, project)
    next_of(carol, project, now=LATER)
    with pytest.raises(assignments.Conflict) as refused:
        assignments.heartbeat(assignment=held, lease_token=held.fence, now=LATER)
    assert refused.value.code == "lease_lost"


def test_heartbeat_wants_the_lease_token(project, bob):
    fill_queue(project, 1)
    [held] = next_of(bob, project)
    with pytest.raises(assignments.Conflict):
        assignments.heartbeat(assignment=held, lease_token=held.fence + 1, now=NOON)


def test_a_skipped_task_never_returns_to_who_skipped_it(project, bob, carol):
    fill_queue(project, 1)
    [held] = next_of(bob, project)
    assignments.skip(user=bob, assignment=held, lease_token=held.fence, reason="not my language", now=NOON)
    assert ask(bob, project, now=LATER).reason == "no_more_for_you"
    [taken] = next_of(carol, project)
    assert taken.task_id == held.task_id
    held.refresh_from_db()
    assert (held.state, held.skip_reason) == ("skipped", "not my language")


def test_skipping_twice_changes_nothing(project, bob, carol):
    fill_queue(project, 1)
    [held] = next_of(bob, project)
    for _ in range(2):
        assignments.skip(user=bob, assignment=held, lease_token=held.fence, reason="", now=NOON)
    [taken] = next_of(carol, project)
    assignments.skip(user=bob, assignment=held, lease_token=held.fence, reason="", now=NOON)
    taken.slot.refresh_from_db()
    assert taken.slot.state == "leased"


def test_a_judged_task_cannot_be_skipped(project, bob):
    fill_queue(project, 1)
    [held] = next_of(bob, project)
    judge(bob, held)
    with pytest.raises(assignments.Conflict):
        assignments.skip(user=bob, assignment=held, lease_token=held.fence, reason="", now=NOON)


def test_a_skip_after_the_lease_was_lost_still_counts(project, bob, carol):
    fill_queue(project, 1)
    [held] = next_of(bob, project)
    [taken] = next_of(carol, project, now=LATER)
    assignments.skip(user=bob, assignment=held, lease_token=held.fence, reason="", now=LATER)
    much_later = LATER + timedelta(hours=1)
    assert ask(bob, project, now=much_later).assignments == []
    taken.slot.refresh_from_db()
    assert taken.slot.fence == taken.fence


def test_a_project_that_forbids_skipping_says_so(project, bob):
    project.protocol = {**project.protocol, "skip": False}
    project.save()
    fill_queue(project, 1)
    [held] = next_of(bob, project)
    with pytest.raises(DomainError, match="does not allow skipping"):
        assignments.skip(user=bob, assignment=held, lease_token=held.fence, reason="", now=NOON)


def test_an_empty_project_says_empty(project, bob):
    assert ask(bob, project).reason == "empty"


def test_a_finished_project_says_empty(project, bob):
    fill_queue(project, 1)
    judge(bob, next_of(bob, project)[0])
    assert ask(bob, project).reason == "empty"


def test_an_archived_project_hands_out_nothing(project, bob):
    fill_queue(project, 1)
    project.archived_at = NOON
    assert ask(bob, project).reason == "archived"


def test_a_closed_batch_is_no_longer_offered_but_may_be_submitted(project, bob, carol):
    batch = fill_queue(project, 2).batch
    [held] = next_of(bob, project)
    assert close_batch(batch_id=batch.pk, now=NOON) == 2
    assert ask(carol, project).reason == "empty"
    assert judge(bob, held).state == "accepted"


def test_a_skipped_slot_of_a_closed_batch_stays_closed(project, bob, carol):
    batch = fill_queue(project, 1).batch
    [held] = next_of(bob, project)
    close_batch(batch_id=batch.pk, now=NOON)
    assignments.skip(user=bob, assignment=held, lease_token=held.fence, reason="", now=NOON)
    assert ask(carol, project, now=LATER).assignments == []


def test_queueing_is_idempotent_by_reference(project):
    first = fill_queue(project, 3, reference="run:1:samples")
    again = fill_queue(project, 3, reference="run:1:samples")
    assert (first.tasks_created, first.replayed) == (3, False)
    assert (again.tasks_created, again.replayed, again.batch) == (3, True, first.batch)
    assert (Task.objects.count(), Batch.objects.count()) == (3, 1)


def test_changes_are_published(project, bob, published, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        fill_queue(project, 1)
    assert [(event.group, event.topic) for event in published] == [(f"project.{project.pk}", "queue")]
    published.clear()
    with django_capture_on_commit_callbacks(execute=True):
        judge(bob, next_of(bob, project)[0])
    assert len(published) == 2


# --- the cursor ------------------------------------------------------------------------


def test_the_cursor_passes_over_tasks_already_had(project, bob, carol):
    fill_queue(project, 5, overlap=2)
    for _ in range(3):
        judge(bob, next_of(bob, project)[0])
    for _ in range(2):
        judge(carol, next_of(carol, project)[0])
    [held] = next_of(bob, project)
    cursor = QueueCursor.objects.get(annotator__user=bob)
    assert (cursor.slot_no, cursor.slot_id) == (1, held.slot_id)


def test_a_slot_hidden_behind_the_cursor_is_found_by_the_next_scan(project, bob, carol):
    """Bob passed over a slot beside his own lease; then he lost that lease to carol."""
    fill_queue(project, 2, overlap=2)
    first, second = next_of(bob, project, count=2)
    assert ask(bob, project, exclude=[first.pk, second.pk]).assignments == []
    judge(bob, second)
    [taken] = next_of(carol, project, now=LATER)
    assert taken.slot_id == first.slot_id
    [again] = next_of(bob, project, now=LATER + claims.RESCAN_AFTER)
    assert (again.task_id, again.slot.slot_no) == (first.task_id, 1)


def test_a_dry_queue_is_not_searched_from_the_start_at_every_poll(project, bob):
    fill_queue(project, 2, overlap=2)
    for _ in range(2):
        judge(bob, next_of(bob, project)[0])
    ask(bob, project)
    scanned_at = QueueCursor.objects.get().scanned_at
    ask(bob, project, now=NOON + timedelta(seconds=5))
    assert QueueCursor.objects.get().scanned_at == scanned_at


def test_a_claim_reads_only_indexes(project, bob, make_user):
    """Among tasks that many had and people who had many, so that each index is far cheaper than the
    next best, and no tie of a planner's costs decides."""
    fill_queue(project, 200, overlap=2)
    _have_had_many(project, [make_user(f"Person{number}") for number in range(40)])
    with CaptureQueriesContext(connection) as captured:
        next_of(bob, project)
    [claim_sql] = [query["sql"] for query in captured if "UPDATE labeling_slot" in query["sql"]]
    plan = plan_of(claim_sql)
    for index in ("slot_reopened", "slot_expiry", "slot_fresh ", "one_live_assignment_per_person"):
        assert index in plan, plan
    assert not re.search("SCAN|Seq Scan|Bitmap|TEMP B-TREE|Sort", plan), plan


def _have_had_many(project, people):
    """Each of them skipped each of forty tasks."""
    annotators = Annotator.objects.bulk_create(Annotator(user=one, kind="person") for one in people)
    Assignment.objects.bulk_create(
        Assignment(
            slot=slot,
            task_id=slot.task_id,
            annotator=annotator,
            state="skipped",
            fence=0,
            presented=[],
            leased_at=NOON,
            ended_at=NOON,
        )
        for slot in Slot.objects.filter(project=project, slot_no=1)[:40]
        for annotator in annotators
    )
