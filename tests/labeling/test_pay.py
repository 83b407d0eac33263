import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from labeling.models import Annotator, Judgment, PayRate
from labeling.selectors.pay import pay_rows, totals
from labeling.selectors.timesheets import days
from labeling.services import assignments, pay
from labeling.services.demonstrations import queue_demonstrations
from labeling.services.undo import undo
from labeling.services.written import Words
from tests.labeling.factories import NOON, ask_for, fill_queue, judge, keys_of, make_prompts, next_of

PAY = "/api/projects/support/pay"
DAY = NOON.date()
MARCH = "?since=2026-03-01&until=2026-03-31"


def work(user, project, seconds, *, at=NOON, took=3600):
    """One judgment `took` seconds after taking it, of which `seconds` were active."""
    [assignment] = next_of(user, project, now=at)
    judge(user, assignment, now=at + timedelta(seconds=took), active_seconds=seconds)
    return assignment


def sheet(project, **options):
    return list(days(project=project, since=DAY, until=DAY, **options))


def test_a_day_adds_up_active_time_and_leaves_idle_time_out(project, bob, carol):
    fill_queue(project, 4)
    work(bob, project, 30.5)
    work(bob, project, 12.25)
    work(carol, project, 7)
    assert [(row.seconds, row.num_judgments) for row in sheet(project)] == [
        (Decimal("42.750"), 2),
        (Decimal(7), 1),
    ]


def test_a_judgment_counts_no_more_than_the_cap_or_than_it_can_have_taken(project, bob):
    project.paid_seconds_cap = 100
    fill_queue(project, 2)
    work(bob, project, 5000, took=6000)
    assert sheet(project)[0].seconds == 100
    work(bob, project, 90, took=20)
    assert sheet(project)[0].seconds == 120


def test_skips_count_from_the_act_before(project, bob):
    fill_queue(project, 3)
    first, second, third = next_of(bob, project, count=3)
    judge(bob, first, now=NOON + timedelta(seconds=40), active_seconds=35)
    for number, assignment in ((50, second), (5000, third)):
        assignments.skip(
            user=bob,
            assignment=assignment,
            lease_token=assignment.fence,
            reason="",
            now=NOON + timedelta(seconds=number),
        )
    [row] = sheet(project)
    assert (row.seconds, row.num_judgments, row.num_skips) == (35 + 10 + 600, 1, 2)


def test_a_correction_is_work_but_no_second_judgment(project, bob):
    fill_queue(project, 1)
    assignment = work(bob, project, 30)
    tiers = [[key] for key in reversed(keys_of(assignment))]
    later = NOON + timedelta(hours=2)
    judge(bob, assignment, tiers=tiers, now=later, active_seconds=10, client_key=uuid4())
    [row] = sheet(project)
    assert (row.seconds, row.num_judgments, row.num_corrections) == (40, 1, 1)


@pytest.mark.once
def test_what_is_taken_back_and_said_again_is_paid_by_the_hour_but_as_one_judgment(project, bob):
    fill_queue(project, 2)
    for corrected in (False, True):
        [assignment] = next_of(bob, project)
        said = judge(bob, assignment, now=NOON + timedelta(seconds=30), active_seconds=10)
        if corrected:
            said = judge(bob, assignment, now=NOON + timedelta(seconds=40), active_seconds=5)
        soon = NOON + timedelta(seconds=50)
        undo(user=bob, assignment=assignment, judgment_id=said.judgment_id, reason="", now=soon)
        before = sheet(project)[0].num_judgments
        judge(bob, assignment, now=NOON + timedelta(seconds=60), active_seconds=3)
        assert sheet(project)[0].num_judgments == before + 1
    [row] = sheet(project)
    assert (row.seconds, row.num_judgments, row.num_corrections) == (10 + 3 + 10 + 5 + 3, 2, 1)


def test_what_a_linked_worker_had_judged_elsewhere_takes_no_pay_away(as_rita, project, bob):
    line = b'{"prompt": "Q?", "chosen": "Yes.", "rejected": "No.", "worker": "w"}'
    address = "/api/projects/support/imports"
    assert as_rita.generic("POST", address, line, content_type="application/x-ndjson").status_code == 200
    fill_queue(project, 1)
    assignment = work(bob, project, 30)
    Judgment.objects.filter(assignment=None).update(annotator=assignment.annotator, task=assignment.task)
    [row] = sheet(project)
    assert (row.num_judgments, row.num_corrections) == (1, 0)


def test_written_responses_are_work(project, alice, bob):
    ask_for(project, demonstrations={"on": True, "min_length": 3})
    prompts = make_prompts(project, 1, word="Write")
    queue_demonstrations(actor=alice, project=project, reference="w", name="W", now=NOON, prompt_ids=prompts)
    [assignment] = next_of(bob, project)
    words = Words(text="A good reply.")
    later = NOON + timedelta(minutes=5)
    judge(bob, assignment, tiers=[], demonstration=words, now=later, active_seconds=200)
    [row] = sheet(project)
    assert (row.seconds, row.num_judgments) == (200, 1)


def test_imported_judgments_are_nobodys_work(as_rita, project):
    line = b'{"prompt": "Q?", "chosen": "Yes.", "rejected": "No.", "worker": "w"}'
    address = "/api/projects/support/imports"
    answer = as_rita.generic("POST", address, line, content_type="application/x-ndjson")
    assert answer.status_code == 200
    assert list(days(project=project, since=date(2020, 1, 1), until=date(2100, 1, 1))) == []


@pytest.mark.once
def test_one_sees_ones_own_days_and_a_lead_all(as_bob, as_lena, as_rita, project, bob, carol):
    fill_queue(project, 2)
    work(bob, project, 30)
    work(carol, project, 40)
    mine = as_bob.get(f"/api/projects/support/my-timesheet{MARCH}").json()
    assert [(row["name"], row["seconds"]) for row in mine["results"]] == [("Bob", "30.000")]
    everybody = as_lena.get(f"/api/projects/support/timesheets{MARCH}").json()
    assert (everybody["total_seconds"], everybody["total_judgments"]) == ("70.000", 2)
    assert as_rita.get(f"/api/projects/support/timesheets{MARCH}").status_code == 403
    wrong = as_lena.get("/api/projects/support/timesheets?since=2026-03-02&until=2026-03-01")
    assert wrong.status_code == 400
    lines = b"".join(as_lena.get(f"/api/projects/support/timesheets/csv{MARCH}").streaming_content)
    assert lines.decode().count("\n") == 3


def rate(actor, project, **fields):
    fields = {"currency": "EUR", "valid_from": date(2026, 1, 1), "now": NOON, **fields}
    return pay.add_pay_rate(actor=actor, project=project, **fields)


def test_totals_are_exactly_the_sum_of_the_days(project, alice, bob, carol):
    """A third of a cent for each judgment, over many days: floats would drift here."""
    fill_queue(project, 60)
    rate(alice, project, per_hour=Decimal("13.37"), per_judgment=Decimal("0.0033"))
    for number in range(30):
        work(bob, project, 0.1 * (number + 1), at=NOON + timedelta(days=number))
        work(carol, project, 17.77, at=NOON + timedelta(days=number))
    rows = list(pay_rows(project=project, since=DAY, until=DAY + timedelta(days=60)))
    assert len(rows) == 60
    assert all(row.amount == row.amount.quantize(Decimal("0.01")) for row in rows)
    assert totals(rows) == {"EUR": sum(row.amount for row in rows)}
    one = next(row for row in rows if row.who.name == "Carol")
    assert one.amount == Decimal("0.07")  # 17.77 s × 13.37 / 3600 + 0.0033 = 0.0693


def test_ones_own_rate_goes_first_and_each_day_has_its_rate(project, alice, bob, carol):
    fill_queue(project, 4)
    rate(alice, project, per_judgment=Decimal(1))
    rate(alice, project, per_judgment=Decimal(5), user_id=bob.pk, currency="usd")
    rate(alice, project, per_judgment=Decimal(2), valid_from=DAY + timedelta(days=1))
    for user in (bob, carol):
        for number in range(2):
            work(user, project, 0, at=NOON + timedelta(days=number))
    rows = list(pay_rows(project=project, since=DAY, until=DAY + timedelta(days=5)))
    assert [(row.who.name, row.rate.currency, row.amount) for row in rows] == [
        ("Bob", "USD", 5),
        ("Bob", "USD", 5),
        ("Carol", "EUR", 1),
        ("Carol", "EUR", 2),
    ]
    assert totals(rows) == {"EUR": 3, "USD": 10}
    first = PayRate.objects.order_by("pk").first()
    assert first.valid_until == DAY


def test_small_coins_are_respected(project, alice, bob):
    fill_queue(project, 1)
    rate(alice, project, currency="JPY", per_hour=Decimal(1000))
    work(bob, project, 9)
    [row] = pay_rows(project=project, since=DAY, until=DAY)
    assert str(row.amount) == "3"  # 2.5, rounded half up


@pytest.mark.once
def test_the_export_adds_up_and_names_days_without_a_rate(as_alice, as_lena, project, alice, bob, carol):
    fill_queue(project, 3)
    rate(alice, project, per_judgment=Decimal("0.15"), user_id=bob.pk)
    work(bob, project, 60)
    work(bob, project, 60, at=NOON + timedelta(days=1))
    work(carol, project, 60)
    shown = as_alice.get(f"{PAY}{MARCH}").json()
    assert (shown["totals"], shown["days_without_rate"]) == ({"EUR": "0.30"}, 1)
    answer = as_alice.get(f"{PAY}/csv{MARCH}")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    *work_rows, total = rows
    assert total["annotator"] == "total"
    assert (total["amount"], total["num_judgments"]) == ("0.30", "2")
    paid = [Decimal(row["amount"]) for row in work_rows if row["currency"] == "EUR"]
    assert sum(paid) == Decimal(total["amount"])
    assert as_lena.get(f"{PAY}{MARCH}").status_code == 403


def test_rates_never_overlap(as_alice, project, bob):
    rates = "/api/projects/support/pay-rates"

    def add(**fields):
        return as_alice.post(rates, {"currency": "EUR", "per_hour": "15.50", **fields}, format="json")

    first = add(valid_from="2026-03-01")
    assert (first.status_code, first.json()["per_hour"]) == (201, "15.5000")
    assert add(valid_from="2026-01-01").json()["code"] == "rates_overlap"
    assert add(valid_from="2026-01-01", valid_until="2026-02-28").status_code == 201
    assert add(valid_from="2026-06-01", user=bob.pk).status_code == 201
    assert add(valid_from="2026-04-01").status_code == 201
    assert add(valid_from="2026-04-01", valid_until="2026-03-01").status_code == 400
    assert add(valid_from="2026-09-01", per_hour="0").status_code == 400
    assert add(valid_from="2026-09-01", currency="EURO").status_code == 400
    assert add(valid_from="2026-09-01", user=987654).status_code == 404
    listed = {row["id"]: row for row in as_alice.get(rates).json()["results"]}
    assert listed[first.json()["id"]]["valid_until"] == "2026-03-31"
    again = as_alice.patch(f"{rates}/{first.json()['id']}", {"valid_until": "2026-04-02"}, format="json")
    assert again.json()["code"] == "rates_overlap"
    ended = as_alice.patch(f"{rates}/{first.json()['id']}", {"valid_until": "2026-03-15"}, format="json")
    assert ended.json()["valid_until"] == "2026-03-15"
    assert as_alice.delete(f"{rates}/{first.json()['id']}").status_code == 204
    assert as_alice.delete(f"{rates}/{first.json()['id']}").status_code == 404


@pytest.mark.once
@pytest.mark.parametrize("num_days", [1, 5])
def test_a_pay_export_asks_the_same_number_of_questions(
    project, alice, bob, num_days, django_assert_max_num_queries
):
    fill_queue(project, num_days)
    rate(alice, project, per_judgment=Decimal(1))
    for number in range(num_days):
        work(bob, project, 5, at=NOON + timedelta(days=number))
    with django_assert_max_num_queries(5):
        assert len(list(pay_rows(project=project, since=DAY, until=DAY + timedelta(days=9)))) == num_days
    assert Annotator.objects.count() == 1


def test_a_refused_table_is_json(as_lena, as_alice, project):
    for client in (as_lena, as_alice):
        answer = client.get(f"{PAY}/csv", headers={"accept": "text/csv"})
        assert answer.status_code in {400, 403}
        assert answer["Content-Type"] == "application/json"
        assert answer.json()["code"] in {"invalid", "forbidden"}
