"""Figures of a project, and the rules that act on them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail as outbox
from django.core.management import call_command

from labeling.core.errors import DomainError
from labeling.core.models import AuditEvent
from labeling.models import (
    Adjudication,
    Annotator,
    AnnotatorReliability,
    GoldAnswer,
    QualityFigures,
    QueueCursor,
    RuleEvent,
    Task,
)
from labeling.queue_rules import QueueRules
from labeling.selectors.quality import num_new, reliabilities
from labeling.services import pauses
from labeling.services.assignments import next_assignments
from labeling.services.gold import set_gold
from labeling.services.notifications import send_due, set_preferences
from labeling.services.quality_figures import compute
from labeling.services.quality_rules import add_rule
from labeling.services.quality_sweep import are_old, sweep, sweep_all
from labeling.services.undo import undo
from tests.labeling.factories import NOON, fill_queue, judge, next_of

QUALITY = "/api/projects/support/quality"
LATER = NOON + timedelta(hours=1)


def judge_all(user, project, *, prefer=min, now=NOON, **said) -> int:
    """Judge what there is; `prefer` picks the winner among response ids."""
    num = 0
    while held := next_of(user, project, now=now, count=10):
        for assignment in held:
            ids = {place["response"]: place["key"] for place in assignment.presented}
            best = prefer(ids)
            tiers = [[ids[best]], [key for id, key in ids.items() if id != best]]
            judge(user, assignment, tiers=tiers, now=now, **said)
            num += 1
    return num


def answer_gold(project, num: int, *, right: int) -> list[Task]:
    """Gold tasks of which someone who always prefers the lower id gets `right` right."""
    fill_queue(project, num, overlap=2, word="Gold")
    tasks = list(Task.objects.filter(project=project).order_by("pk"))
    for place, task in enumerate(tasks):
        low, high = task.task_responses.order_by("response_id").values_list("response_id", flat=True)
        tiers = [[low], [high]] if place < right else [[high], [low]]
        set_gold(actor=None, project=project, task_id=task.pk, tiers=tiers, now=NOON)
    project.queue_rules = QueueRules(gold_every=1).dump()
    project.save(update_fields=["queue_rules"])
    return tasks


def annotator_of(user) -> Annotator:
    return Annotator.objects.get(user=user)


# --- figures ---------------------------------------------------------------------------


def test_figures_are_computed_once_and_read_from_then_on(
    project, bob, carol, as_lena, django_assert_max_num_queries, published, django_capture_on_commit_callbacks
):
    fill_queue(project, 12, overlap=2)
    judge_all(bob, project, strengths=[2], active_seconds=9.0)
    judge_all(carol, project, strengths=[1], active_seconds=0.1)
    with django_capture_on_commit_callbacks(execute=True):
        assert as_lena.post(f"{QUALITY}/refresh").status_code == 200
    assert "quality" in {event.topic for event in published}
    with django_assert_max_num_queries(8):
        shown = as_lena.get(f"{QUALITY}/agreement").json()
    assert (shown["num_judgments"], shown["num_new"]) == (24, 0)
    by_name = {(f["unit"], f["statistic"], f["level"]): f for f in shown["figures"]}
    alpha = by_name["outcome", "krippendorff_alpha", "nominal"]
    assert (alpha["value"], alpha["n"], alpha["num_annotators"], alpha["num_clusters"]) == (1.0, 12, 2, 12)
    assert alpha["method"] == "cluster bootstrap"
    assert by_name["outcome", "fleiss_kappa", "nominal"]["value"] == 1.0
    assert by_name["strength", "krippendorff_alpha", "ordinal"]["n"] == 12
    with django_assert_max_num_queries(10):
        people = as_lena.get(f"{QUALITY}/annotators").json()["annotators"]
    fast = {row["name"]: row["too_fast_share"]["value"] for row in people}
    assert fast == {"Bob": 0.0, "Carol": 1.0}


def test_criteria_given_as_scores_have_their_own_agreement(project, bob, carol):
    from labeling.models import Judgment

    fill_queue(project, 6, overlap=2)
    judge_all(bob, project)
    judge_all(carol, project)
    for judgment in Judgment.objects.all():
        first, second = judgment.presentation["order"]
        low = min(first, second)
        judgment.criteria = {"truth": {str(first): 1 + first % 5, str(second): 1 + second % 5}, "note": "x"}
        judgment.criteria["tone"] = {str(low): 3}
        Judgment.objects.filter(pk=judgment.pk).update(criteria=judgment.criteria)
    figures = compute(project=project, now=NOON).agreement["figures"]
    found = {(f["unit"], f["level"]): f for f in figures}
    assert found["criterion:truth", "interval"]["value"] == 1.0
    assert found["criterion:truth", "interval"]["n"] == 12
    assert found["criterion:tone", "ordinal"]["n"] == 6
    assert ("criterion:note", "ordinal") not in found


@pytest.mark.once
def test_verdicts_agree_or_do_not(project, bob, carol):
    fill_queue(project, 4, overlap=2)
    for user, verdicts in ((bob, ["both_bad", "both_good"] * 2), (carol, ["both_bad", "both_good"] * 2)):
        for assignment, verdict in zip(next_of(user, project, count=10), verdicts, strict=True):
            judge(user, assignment, tiers=[], verdict=verdict)
    figures = compute(project=project, now=NOON).agreement["figures"]
    [verdict] = [f for f in figures if f["unit"] == "verdict"]
    assert (verdict["value"], verdict["values"]) == (1.0, ["both_bad", "both_good"])


def test_an_empty_project_has_no_figures_and_no_errors(project, as_lena):
    assert as_lena.get(f"{QUALITY}/agreement").json()["computed_at"] is None
    assert as_lena.post(f"{QUALITY}/refresh").status_code == 200
    assert as_lena.get(f"{QUALITY}/agreement").json()["figures"] == []
    assert as_lena.get(f"{QUALITY}/annotators").json()["annotators"] == []


@pytest.mark.once
def test_reliability_is_stored_for_whoever_makes_snapshots(project, bob, carol, lena):
    fill_queue(project, 30, overlap=3)
    judge_all(bob, project)
    judge_all(carol, project)
    judge_all(lena, project, prefer=lambda ids: sorted(ids)[min(ids) // 2 % 2])
    compute(project=project, now=NOON)
    found = reliabilities(project_id=project.pk)
    assert set(found) == {annotator_of(user).pk for user in (bob, carol, lena)}
    one = found[annotator_of(bob).pk]
    assert 0 <= one.low <= one.value <= one.high <= 1
    assert one.flip_probability == pytest.approx(1 - one.value)
    assert one.n == 30
    assert AnnotatorReliability.objects.filter(method="noisy_bradley_terry").count() == 3
    compute(project=project, now=LATER)
    assert AnnotatorReliability.objects.count() == 6


def test_repeats_measure_self_consistency(project, bob):
    fill_queue(project, 4)
    judge_all(bob, project)
    originals = list(Task.objects.order_by("pk"))
    fill_queue(project, 4, arm="repeat")
    for repeat, original in zip(Task.objects.filter(arm="repeat").order_by("pk"), originals, strict=True):
        repeat.repeats = original
        repeat.save()
    judge_all(bob, project, prefer=max, now=LATER)
    [row] = compute(project=project, now=LATER).annotators
    assert row["self_consistency"]["value"] == 0.0
    assert row["self_consistency"]["n"] == 4


# --- gold ------------------------------------------------------------------------------


def test_a_task_becomes_gold_and_annotators_see_no_difference(project, bob, as_lena, as_bob):
    fill_queue(project, 2)
    first = Task.objects.order_by("pk")[0]
    address = f"/api/projects/support/tasks/{first.pk}/gold"
    answer = as_lena.put(address, {"tiers": [["B"], ["A"]]}, format="json")
    assert answer.status_code == 200, answer.content
    assert answer.json()["gold"]["tiers"] == [["B"], ["A"]]
    assert len(GoldAnswer.objects.get().tiers) == 2
    as_lena.patch("/api/projects/support/queue", {"gold_every": 1}, format="json")
    offers = as_bob.post("/api/projects/support/assignments/next", {"count": 2}, format="json").json()
    gold, plain = offers["assignments"]
    assert gold.keys() == plain.keys()
    assert "gold" not in str(offers)


@pytest.mark.once
@pytest.mark.parametrize(
    ("tiers", "verdict"),
    [
        ([["A"]], "none"),
        ([["A"], ["E"]], "none"),
        ([], "none"),
        ([], "cannot_judge"),
        ([["A"], ["B"]], "both_bad"),
    ],
)
def test_a_gold_answer_that_decides_nothing_is_refused(project, as_lena, tiers, verdict):
    fill_queue(project, 1)
    address = f"/api/projects/support/tasks/{Task.objects.get().pk}/gold"
    assert as_lena.put(address, {"tiers": tiers, "verdict": verdict}, format="json").status_code == 400


def test_an_evaluation_task_cannot_be_gold(project):
    fill_queue(project, 1, arm="evaluation")
    task = Task.objects.get()
    with pytest.raises(DomainError, match="evaluation"):
        set_gold(actor=None, project=project, task_id=task.pk, tiers=[], verdict="both_bad", now=NOON)


# --- rules -----------------------------------------------------------------------------


def a_rule(project, alice, **fields):
    wanted = {"measure": "gold_accuracy", "action": "pause", "threshold": 0.6, "min_num": 5} | fields
    return add_rule(actor=alice, project=project, now=NOON, **wanted)


@pytest.mark.once
def test_low_gold_accuracy_pauses_with_a_log_line_and_tells_nothing_of_gold(
    project, alice, bob, carol, as_bob
):
    answer_gold(project, 6, right=2)
    a_rule(project, alice)
    judge_all(bob, project)
    judge_all(carol, project, prefer=max)
    swept = sweep(project=project, now=LATER)
    assert (swept.computed, swept.num_events) == (True, 1)
    event = RuleEvent.objects.get()
    assert (event.annotator, event.n, event.action) == (annotator_of(bob), 6, "pause")
    assert event.value == pytest.approx(1 / 3)
    assert event.message.startswith("Gold accuracy is 0.33 (")
    assert AuditEvent.objects.filter(action="rule.pause", project_id=project.pk).exists()
    assert AuditEvent.objects.filter(action="annotator.paused", project_id=project.pk).exists()
    fill_queue(project, 3)
    told = as_bob.post("/api/projects/support/assignments/next", {}, format="json").json()
    assert (told["assignments"], told["reason"]) == ([], "paused")
    assert "gold" not in str(told).lower()
    assert next_of(carol, project, now=LATER)


@pytest.mark.once
def test_gold_accuracy_counts_what_was_said_first_and_not_taken_back(project, bob):
    answer_gold(project, 3, right=3)
    right, corrected, undone = next_of(bob, project, count=3)

    def say(assignment, *, winner, now):
        keys = {place["response"]: place["key"] for place in assignment.presented}
        best = winner(keys)
        tiers = [[keys[best]], [key for id, key in keys.items() if id != best]]
        return judge(bob, assignment, tiers=tiers, now=now)

    say(right, winner=min, now=NOON)
    say(corrected, winner=max, now=NOON)
    assert say(corrected, winner=min, now=LATER).state == "corrected"
    mistaken = say(undone, winner=max, now=NOON)
    undo(user=bob, assignment=undone, judgment_id=mistaken.judgment_id, reason="", now=NOON)
    say(undone, winner=min, now=NOON)
    compute(project=project, now=LATER)
    [row] = QualityFigures.objects.get(project=project).annotators
    accuracy = row["gold_accuracy"]
    assert (accuracy["n"], accuracy["value"]) == (3, pytest.approx(2 / 3))


@pytest.mark.once
def test_a_pause_costs_no_query_and_keeps_what_is_held(
    project, alice, bob, as_lena, django_assert_num_queries
):
    fill_queue(project, 2)
    held = next_of(bob, project)[0]
    address = f"{QUALITY}/annotators/{annotator_of(bob).pk}"
    assert as_lena.post(f"{address}/pause", {"reason": "Let us talk."}, format="json").status_code == 204
    with django_assert_num_queries(3):  # savepoint, seat, release
        offers = next_assignments(user=bob, project=project, count=1, now=NOON)
    assert (offers.reason, offers.message) == ("paused", "Let us talk.")
    assert judge(bob, held).state == "accepted"
    assert as_lena.post(f"{address}/resume").status_code == 204
    assert next_of(bob, project)
    assert as_lena.post(f"{address}/resume").status_code == 409


def mails() -> dict[str, str]:
    """What went out since the last look: address → subject."""
    outbox.outbox.clear()
    while send_due(now=LATER + timedelta(days=3650), stop=lambda: False):
        pass
    assert len({one.to[0] for one in outbox.outbox}) == len(outbox.outbox)
    return {one.to[0].partition("@")[0]: one.subject for one in outbox.outbox}


@pytest.mark.once
def test_who_is_paused_hears_it_by_mail_and_leads_hear_why(project, alice, bob):
    answer_gold(project, 6, right=0)
    a_rule(project, alice, min_num=3)
    judge_all(bob, project)
    sweep(project=project, now=LATER)
    heard = mails()
    assert set(heard) == {"alice", "lena", "bob"}
    assert heard["bob"] == f"[Support] your work is paused. {pauses.TOLD}"
    assert "gold" not in str([one.message() for one in outbox.outbox if one.to == [bob.email]])
    number = annotator_of(bob).pk
    assert heard["lena"].startswith(f"[Support] annotator {number} was paused: Gold accuracy is 0.00 (")


def test_a_leads_pause_is_told_once_and_to_whom_it_concerns_even_who_wants_no_mail(
    project, alice, bob, as_lena
):
    fill_queue(project, 1)
    next_of(bob, project)
    set_preferences(user=bob, project=project, wanted={"annotator.paused": False})
    set_preferences(user=alice, project=project, wanted={"annotator.paused": False})
    pause = f"{QUALITY}/annotators/{annotator_of(bob).pk}/pause"
    for _ in range(2):
        assert as_lena.post(pause, {"reason": "Let us talk."}, format="json").status_code == 204
    assert mails() == {
        "bob": "[Support] your work is paused. Let us talk.",
        "lena": f"[Support] annotator {annotator_of(bob).pk} was paused: Let us talk.",
    }


@pytest.mark.once
def test_a_rule_that_notifies_mails_leads_and_calls_webhooks(project, alice, bob):
    from labeling.models import WebhookDelivery
    from labeling.services.webhooks import create_webhook

    url = "https://203.0.114.7/hook"
    create_webhook(actor=alice, project=project, url=url, events=["rule.fired"], description="", now=NOON)
    project.refresh_from_db()
    fill_queue(project, 12)
    rule = a_rule(project, alice, measure="too_fast_share", action="notify", threshold=0.5, min_num=10)
    judge_all(bob, project, active_seconds=0.01)
    sweep(project=project, now=LATER)
    sweep(project=project, now=LATER)
    number = annotator_of(bob).pk
    heard = mails()
    assert set(heard) == {"alice", "lena"}
    assert heard["lena"].startswith(
        f"[Support] a rule speaks of annotator {number}: Share answered faster than anyone reads is 1.00"
    )
    [delivery] = WebhookDelivery.objects.all()
    told = delivery.payload["data"]
    assert (told["rule"], told["annotator"], told["task"], told["n"]) == (rule.pk, number, None, 12)


def test_someone_let_go_on_is_paused_again_only_after_more_judgments(project, alice, bob):
    answer_gold(project, 6, right=0)
    a_rule(project, alice, min_num=3)
    judge_all(bob, project)
    sweep(project=project, now=LATER)
    pauses.resume(actor=alice, project=project, annotator=annotator_of(bob))
    assert sweep(project=project, now=LATER).num_events == 0
    assert not QueueCursor.objects.exclude(paused_reason="").exists()


def test_rules_of_pace_and_bias_read_their_figures(project, alice, bob):
    fill_queue(project, 20)
    a_rule(project, alice, measure="too_fast_share", action="notify", threshold=0.5, min_num=10)
    a_rule(project, alice, measure="left_bias", action="notify", threshold=0.3, min_num=10)
    a_rule(project, alice, measure="gold_accuracy", action="notify", threshold=0.9, min_num=1)
    while held := next_of(bob, project):
        judge(bob, held[0], active_seconds=0.01)
    assert sweep(project=project, now=LATER).num_events == 2
    assert sweep(project=project, now=LATER).num_events == 0
    messages = list(RuleEvent.objects.order_by("id").values_list("message", flat=True))
    assert messages[0].startswith("Share answered faster than anyone reads is 1.00")
    assert messages[1].endswith("above 0.30: leads are told.")


def test_tasks_that_people_part_over_go_to_adjudication_once(project, alice, bob, carol):
    fill_queue(project, 3, overlap=2)
    a_rule(project, alice, measure="task_agreement", action="adjudicate", threshold=0.5, min_num=2)
    for user in (bob, carol):
        held = next_of(user, project, count=10)
        for place, assignment in enumerate(held):
            keys = dict(sorted((p["response"], p["key"]) for p in assignment.presented))
            order = list(keys.values())
            if place == 1 and user == carol:
                order.reverse()
            judge(user, assignment, tiers=[[key] for key in order])
    assert sweep(project=project, now=LATER).num_events == 1
    assert sweep(project=project, now=LATER).num_events == 0
    [made] = Adjudication.objects.all()
    assert made.task == Task.objects.filter(arm="random").order_by("pk")[1]
    assert RuleEvent.objects.get().task == made.task
    assert made.reason.startswith("Agreement on the task is 0.00")


def test_evaluation_tasks_are_never_adjudicated(project, alice, bob, carol):
    """Leads' decisions are trained on; what measures models must not be."""
    fill_queue(project, 1, overlap=2, arm="evaluation")
    a_rule(project, alice, measure="task_agreement", action="adjudicate", threshold=0.5, min_num=2)
    judge_all(bob, project)
    judge_all(carol, project, prefer=max)
    assert sweep(project=project, now=LATER).num_events == 0
    assert not Adjudication.objects.exists()


@pytest.mark.once
@pytest.mark.parametrize(
    "wrong",
    [
        {"measure": "task_agreement", "action": "pause"},
        {"measure": "gold_accuracy", "action": "adjudicate"},
        {"measure": "task_agreement", "action": "adjudicate", "min_num": 1},
        {"threshold": 1.5},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(project, as_lena, wrong):
    rule = {"measure": "gold_accuracy", "action": "pause", "threshold": 0.5, "min_num": 5} | wrong
    answer = as_lena.post(f"{QUALITY}/rules", rule, format="json")
    assert answer.status_code == 400
    assert answer.json()["message"]


def test_rules_are_changed_and_removed_and_their_log_stays(project, alice, bob, as_lena):
    answer_gold(project, 5, right=0)
    rule = a_rule(project, alice)
    judge_all(bob, project)
    sweep(project=project, now=LATER)
    address = f"{QUALITY}/rules/{rule.pk}"
    changed = as_lena.patch(address, {"is_enabled": False}, format="json")
    assert changed.json()["is_enabled"] is False
    assert as_lena.delete(address).status_code == 204
    assert as_lena.get(f"{QUALITY}/rules").json()["results"] == []
    [event] = as_lena.get(f"{QUALITY}/events").json()["results"]
    assert (event["rule"], event["annotator"]) == (None, annotator_of(bob).pk)
    actions = set(AuditEvent.objects.filter(action__startswith="rule.").values_list("action", flat=True))
    assert actions == {"rule.added", "rule.changed", "rule.removed", "rule.pause"}


# --- the sweep -------------------------------------------------------------------------


def test_only_one_sweep_of_a_project_runs_at_a_time(project, bob):
    fill_queue(project, 1)
    judge_all(bob, project)
    QualityFigures.objects.create(project=project, sweeping_until=LATER)
    assert sweep(project=project, now=NOON) is None
    assert sweep(project=project, now=LATER + timedelta(seconds=1)) is not None


def test_a_sweep_of_all_passes_over_projects_without_news(project, bob):
    assert sweep_all(now=NOON) == 0
    fill_queue(project, 1)
    judge_all(bob, project)
    assert sweep_all(now=LATER) == 1
    assert sweep_all(now=LATER) == 0
    figures = QualityFigures.objects.get(project=project)
    assert (figures.num_judgments, figures.sweeping_until, num_new(figures)) == (1, None, 0)


@pytest.mark.once
def test_few_new_judgments_wait_for_more_or_for_time(project, bob):
    fill_queue(project, 1)
    judge_all(bob, project)
    sweep(project=project, now=LATER)
    fill_queue(project, 1, word="Another")
    judge_all(bob, project, now=LATER)
    assert sweep(project=project, now=LATER + timedelta(seconds=5)).computed is False
    assert sweep(project=project, now=LATER + timedelta(minutes=11)).computed is True


def test_a_large_projects_figures_are_not_computed_for_every_few_judgments(project, bob):
    fill_queue(project, 2)
    judge_all(bob, project)
    figures = QualityFigures.objects.create(project=project, num_judgments=50_000, computed_at=NOON)
    assert not are_old(figures, NOON + timedelta(minutes=5))
    assert are_old(figures, NOON + timedelta(minutes=10))


def test_the_command_looks_at_one_project_or_at_all(project, bob, capsys):
    fill_queue(project, 1)
    judge_all(bob, project)
    call_command("quality_sweep", "support")
    call_command("quality_sweep")
    assert "support: figures computed, 0 rules acted." in capsys.readouterr().out


def test_who_may_see_quality_may_not_all_change_it(project, as_rita, as_bob, as_charlie):
    rule = {"measure": "gold_accuracy", "action": "pause", "threshold": 0.5, "min_num": 5}
    assert as_rita.get(f"{QUALITY}/agreement").status_code == 200
    assert as_rita.post(f"{QUALITY}/rules", rule, format="json").status_code == 403
    assert as_bob.get(f"{QUALITY}/annotators").status_code == 403
    assert as_charlie.get(f"{QUALITY}/annotators").status_code == 404
