"""What leads do to a queue that people are working on, and a server that dies at the worst moment."""

from __future__ import annotations

import http.client
import json
import os
import random
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.db import connections

from deploy.stack import free_port
from labeling.core.errors import Conflict, DomainError, NotFound
from labeling.core.models import User
from labeling.core.services.tokens import create_token
from labeling.models import Assignment, Judgment, Membership, Project, Slot, Task, Withdrawal
from labeling.queue_rules import QueueRules
from labeling.selectors.queue import assignment_of
from labeling.services.assignments import heartbeat, next_assignments, skip
from labeling.services.gold import set_gold_by_letters
from labeling.services.queue import close_batch
from labeling.services.steering import TaskChanges, change_tasks, release_lease
from labeling.services.undo import undo
from labeling.services.wellbeing import opt_out
from tests.labeling.factories import NOON, fill_queue, judge, keys_of, next_of
from tests.labeling.racing import check_invariants, database_for_processes, fork, race

AB = [["A"], ["B"]]

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
    offers = next_assignments(user=user, project=project, count=count, now=now)
    return [offer.id for offer in offers.assignments]


def say(user: User, assignment: Assignment, *, best: int | None = None) -> str:
    """Submit; `best` is the response to prefer, the first shown otherwise."""
    keys = keys_of(assignment)
    if best is not None:
        keys.sort(key=lambda key: {p["key"]: p["response"] for p in assignment.presented}[key] != best)
    return judge(user, assignment, tiers=[[key] for key in keys]).state


def set_rules(project: Project, **rules: Any) -> None:
    project.queue_rules = QueueRules(**rules).dump()
    project.save()


# --- people ------------------------------------------------------------------------------


def test_people_who_take_few_tags_never_share_a_slot(project, crowd):
    fill_queue(project, 12)
    for person in crowd[:4]:
        opt_out(user=person, project=project, tags=["politics"])
    won = race(*[partial(claim, person, project, 3) for person in crowd])
    assert sum(map(len, won)) == 12
    check_invariants()


def test_two_tabs_are_given_the_same_gold(project, bob, lena):
    fill_queue(project, 3, word="Known")
    for task in Task.objects.all():
        set_gold_by_letters(actor=lena, project=project, task_id=task.pk, tiers=[["A"], ["B"]], now=NOON)
    set_rules(project, gold_every=1)
    held = race(*[partial(claim, bob, project) for _ in range(5)])
    assert len({one for tab in held for one in tab}) == 1
    check_invariants()


def test_everyone_gets_a_slot_of_the_same_gold_task(project, crowd, lena):
    fill_queue(project, 1, word="Known")
    set_gold_by_letters(
        actor=lena, project=project, task_id=Task.objects.get().pk, tiers=[["A"], ["B"]], now=NOON
    )
    set_rules(project, gold_every=1)
    won = race(*[partial(claim, person, project) for person in crowd])
    assert [len(one) for one in won] == [1] * len(crowd)
    check_invariants()


def renew(assignment: Assignment, now) -> bool:
    try:
        heartbeat(assignment=assignment, lease_token=assignment.fence, now=now)
    except Conflict:
        return False
    return True


def test_a_lease_that_ran_out_in_the_middle_of_an_edit_is_renewed_or_lost(project, bob, carol):
    """Bob types on, his page renews; carol asks. One of them has it, and bob's words are kept."""
    for number in range(8):
        fill_queue(project, 1, word=f"Round {number}")
        [held] = next_of(bob, project)
        renewed, taken = race(partial(renew, held, LATER), partial(claim, carol, project, 1, LATER))
        assert renewed != bool(taken)
        assert say(bob, held) == ("accepted" if renewed else "surplus")
        for one in taken:
            judge(carol, assignment_of(user=carol, assignment_id=one), now=LATER)
    assert Judgment.objects.filter(annotator__user=bob).count() == 8
    check_invariants()


# --- leads -------------------------------------------------------------------------------


def set_overlap(lena: User, project: Project, overlaps: list[int]) -> None:
    tasks = list(Task.objects.values_list("pk", flat=True))
    for overlap in overlaps:
        change_tasks(actor=lena, project=project, tasks=tasks, changes=TaskChanges(overlap=overlap))


def work_a_while(person: User, project: Project, num: int) -> int:
    num_judged = 0
    for _ in range(num):
        for one in next_of(person, project, count=2):
            judge(person, one)
            num_judged += 1
    return num_judged


def test_overlap_changes_while_people_work(project, crowd, lena):
    fill_queue(project, 8, overlap=2)
    lead = partial(set_overlap, lena, project, [4, 1, 3, 1, 5, 2])
    judged = race(lead, *[partial(work_a_while, person, project, 8) for person in crowd[:5]])
    assert sum(judged[1:]) == Judgment.objects.filter(surplus=False).count()
    assert not Slot.objects.filter(state="leased").exists()
    set_overlap(lena, project, [2])
    for task in Task.objects.all():
        wanted = task.slots.filter(withdrawn=False)
        done = wanted.filter(state="done").count()
        assert wanted.count() == max(2, done), "as many as asked for, or as many as there are judgments"
    check_invariants()


def test_two_leads_change_overlap_at_once(project, lena, rita):
    fill_queue(project, 5)
    race(*[partial(set_overlap, person, project, [3, 2, 4]) for person in (lena, rita)])
    set_overlap(lena, project, [4])
    for task in Task.objects.all():
        assert task.slots.filter(withdrawn=False).count() == 4
    check_invariants()


def try_release(lena: User, project: Project, assignment: Assignment) -> str:
    try:
        release_lease(actor=lena, project=project, assignment_id=assignment.pk, now=NOON)
    except (NotFound, Conflict) as refused:
        return refused.code
    return "released"


def test_a_lease_taken_back_meets_a_submit(project, bob, lena):
    for number in range(8):
        fill_queue(project, 1, word=f"Round {number}")
        [held] = next_of(bob, project)
        released, said = race(partial(try_release, lena, project, held), partial(say, bob, held))
        assert (released, said) in (
            ("released", "surplus"),
            ("not_found", "accepted"),
            ("lease_lost", "accepted"),
        )
        Slot.objects.filter(state="open").update(withdrawn=True)
    assert Judgment.objects.count() == 8
    check_invariants()


def test_people_who_end_at_once_open_one_more_slot_and_not_two(project, crowd):
    set_rules(project, overlap_max=5, confidence=0.95)
    for number in range(5):
        fill_queue(project, 1, overlap=2, word=f"Round {number}")
        task = Task.objects.last()
        pair = sorted(task.responses.values_list("pk", flat=True))
        held = [next_of(person, project)[0] for person in crowd[:2]]
        race(
            *[
                partial(say, person, one, best=best)
                for person, one, best in zip(crowd, held, pair, strict=False)
            ]
        )
        assert task.slots.count() == 3
        task.slots.filter(state="open").update(withdrawn=True)
    check_invariants()


def take_back(user: User, assignment: Assignment, judgment_id: int) -> None:
    undo(user=user, assignment=assignment, judgment_id=judgment_id, reason="", now=NOON)


def test_two_who_disagree_take_it_back_at_once(project, crowd):
    """Their doubt had opened a slot for a third; a fourth asks for it meanwhile."""
    set_rules(project, overlap_max=5, confidence=0.95)
    for number in range(6):
        fill_queue(project, 1, overlap=2, word=f"Round {number}")
        task = Task.objects.last()
        pair = sorted(task.responses.values_list("pk", flat=True))
        held = [next_of(person, project)[0] for person in crowd[:2]]
        for person, one, best in zip(crowd, held, pair, strict=False):
            say(person, one, best=best)
        backs = [
            partial(take_back, person, one, Judgment.objects.get(assignment=one).pk)
            for person, one in zip(crowd, held, strict=False)
        ]
        *_, taken = race(*backs, partial(claim, crowd[2], project))
        wanted = task.slots.filter(withdrawn=False)
        assert (wanted.count(), wanted.filter(state="open").count()) == (2 + len(taken), 0)
        for person, one in zip(crowd, held, strict=False):
            say(person, one)
        for one in taken:
            say(crowd[2], assignment_of(user=crowd[2], assignment_id=one))
        wanted.update(withdrawn=True)
    check_invariants()


def test_the_closing_of_a_batch_meets_an_undo_and_the_last_vote(project, crowd):
    set_rules(project, overlap_max=5, confidence=0.95)
    for number in range(8):
        batch = fill_queue(project, 2, overlap=2, word=f"Round {number}").batch
        first, last = Task.objects.filter(batch=batch).order_by("pk")
        held = {person: next_of(person, project, count=2) for person in crowd[:2]}
        mine, hers = [{one.task_id: one for one in tasks} for tasks in held.values()]
        pair = sorted(last.responses.values_list("pk", flat=True))
        said = judge(crowd[0], mine[first.pk]).judgment_id
        judge(crowd[1], hers[first.pk])
        say(crowd[0], mine[last.pk], best=pair[0])
        race(
            partial(close_batch, batch_id=batch.pk, now=NOON),
            partial(take_back, crowd[0], mine[first.pk], said),
            partial(say, crowd[1], hers[last.pk], best=pair[1]),
        )
        asked = Slot.objects.filter(task__batch=batch, withdrawn=False).exclude(state="done")
        assert not asked.exists(), "nobody is asked for a closed batch"
        assert say(crowd[0], mine[first.pk]) == "accepted"
    check_invariants()


# --- a server that dies ------------------------------------------------------------------


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


def serve(port: int, dies_after_submit: bool) -> None:
    """The product's WSGI application. It may be made to die once a submit has been answered inside,
    before a byte of the answer has left."""
    from deploy.wsgi import application

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        body = list(application(environ, start_response))
        if dies_after_submit and environ["PATH_INFO"].endswith("/submit"):
            os._exit(9)
        return body

    with make_server("127.0.0.1", port, app, handler_class=Quiet) as server:
        server.serve_forever()


def started(port: int, dies_after_submit: bool) -> Any:
    connections.close_all()
    process = fork.Process(target=serve, args=(port, dies_after_submit), daemon=True)
    process.start()
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=5).read()
            return process
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server did not start")


def post(port: int, token: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api{path}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read())


def test_a_server_killed_after_the_commit_and_before_the_answer_loses_and_doubles_nothing(project, bob):
    fill_queue(project, 2)
    _, token = create_token(user=bob, name="page", now=NOON)
    port = free_port()
    first = started(port, dies_after_submit=True)
    try:
        [held] = post(port, token, "/projects/support/assignments/next", {})["assignments"]
        key = str(uuid4())
        body = {
            "lease_token": held["lease_token"],
            "client_key": key,
            "tiers": [[response["key"]] for response in held["responses"]],
        }
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            post(port, token, f"/assignments/{held['id']}/submit", body)
        first.join(10)
        assert first.exitcode == 9
    finally:
        first.kill()
    port = free_port()
    second = started(port, dies_after_submit=False)
    try:
        again = post(port, token, f"/assignments/{held['id']}/submit", body)
        [other] = post(port, token, "/projects/support/assignments/next", {})["assignments"]
    finally:
        second.kill()
        second.join(10)
    assert (again["state"], again["replayed"]) == ("accepted", True)
    assert other["id"] != held["id"]
    check_invariants({UUID(key): again["judgment"]})


# --- anything, at any time ---------------------------------------------------------------

MAX_SECONDS = 12
SPEED = 150


def person_acts(rng: random.Random, user: User, project: Project, now, known: list, said: dict) -> None:
    """One step of somebody who works. Add what else people can do here."""
    dice = rng.random()
    if not known or dice < 0.35:
        known += next_of(user, project, count=rng.randint(1, 4), now=now)
        del known[:-10]
        return
    one = rng.choice(known)
    if dice < 0.7:
        key, keys = uuid4(), keys_of(one)
        rng.shuffle(keys)
        said[key] = judge(user, one, tiers=[[k] for k in keys], client_key=key, now=now).judgment_id
    elif dice < 0.82 and said:
        judged = Judgment.objects.get(pk=rng.choice(list(said.values())))
        mine = assignment_of(user=user, assignment_id=judged.assignment_id)
        undo(user=user, assignment=mine, judgment_id=judged.pk, reason="", now=now)
    elif dice < 0.9:
        skip(user=user, assignment=one, lease_token=one.fence, reason="", now=now)
    elif dice < 0.96:
        heartbeat(assignment=one, lease_token=one.fence, now=now)
    else:
        opt_out(user=user, project=project, tags=rng.choice([[], ["politics"]]))


def lead_acts(rng: random.Random, user: User, project: Project, now, known: list, said: dict) -> None:
    tasks = list(Task.objects.filter(arm__in=["random", "gold"]).values_list("pk", flat=True))
    dice, some = rng.random(), rng.sample(tasks, 5)
    if dice < 0.4:
        changes = TaskChanges(overlap=rng.randint(1, 4), overlap_max=rng.choice([0, 5]))
        change_tasks(actor=user, project=project, tasks=some, changes=changes)
    elif dice < 0.6:
        changes = TaskChanges(priority=rng.randint(0, 3))
        change_tasks(actor=user, project=project, tasks=some, changes=changes)
    elif dice < 0.8:
        held = list(Assignment.objects.filter(state="leased").values_list("pk", flat=True)[:20])
        if held:
            release_lease(actor=user, project=project, assignment_id=rng.choice(held), now=now)
    elif dice < 0.9:
        set_gold_by_letters(actor=user, project=project, task_id=some[0], tiers=[["A", "B", "C"]], now=now)
    else:
        fill_queue(project, 5, overlap=2, num_responses=3, word=f"More {rng.random()}")


def act_at_random(
    act: Callable[..., None], user: User, project: Project, seed: int, num: int
) -> dict[UUID, int]:
    """What was acknowledged. A refusal is an answer too; anything else fails the race."""
    rng = random.Random(seed)
    known: list[Assignment] = []
    said: dict[UUID, int] = {}
    began = time.monotonic()
    for _ in range(num):
        elapsed = time.monotonic() - began
        if elapsed > MAX_SECONDS:
            break
        try:
            act(rng, user, project, NOON + timedelta(seconds=elapsed * SPEED), known, said)
        except DomainError:
            continue
    return said


def test_whatever_leads_and_people_do_nothing_is_lost_or_doubled(project, crowd, lena, alice):
    project.lease_seconds = 60
    set_rules(project, gold_every=6, repeat_every=6, repeat_after=3, overlap_max=4, confidence=0.8)
    fill_queue(project, 60, overlap=2, num_responses=3)
    racers = [
        partial(act_at_random, person_acts, crowd[number % 3], project, number, 50) for number in range(5)
    ]
    leads = [
        partial(act_at_random, lead_acts, person, project, 90 + number, 25)
        for number, person in enumerate((lena, alice))
    ]
    acknowledged: dict[UUID, int] = {}
    for part in race(*racers, *leads):
        acknowledged |= part
    assert len(acknowledged) > 10  # leads may close what people could have judged
    assert Withdrawal.objects.exists()
    check_invariants(acknowledged)
