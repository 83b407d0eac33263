"""Imports in the background: whole batches, and on from where they stopped."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from labeling.models import Comparison, ImportJob, ImportProblem, Judgment, Mail, Prompt, Task
from labeling.services import import_running
from labeling.services.import_running import run_due

URL = "/api/projects/support/import-jobs"
GOOD = [{"prompt": f"Question {n}", "chosen": f"Yes {n}", "rejected": f"No {n}"} for n in range(650)]


def never() -> bool:
    return False


@pytest.fixture(autouse=True)
def _nothing_open():
    yield
    import_running._open.clear()


def body(*rows) -> bytes:
    return b"\n".join(row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows)


def upload(client, content: bytes, filename: str = "rows.jsonl", **options):
    query = "&".join(f"{name}={value}" for name, value in {"filename": filename, **options}.items())
    return client.post(f"{URL}?{query}", content, content_type="application/octet-stream")


def work(now=None) -> None:
    while run_due(now=now or timezone.now(), stop=never):
        pass


def shown(client, job: int) -> dict:
    return client.get(f"{URL}/{job}").json()


def kill() -> None:
    """What a killed process leaves: nothing in memory, and a lease that will run out."""
    import_running._open.clear()


def test_a_file_is_imported_and_says_how_far_it_is(project, as_rita, rita):
    answer = upload(as_rita, body(*GOOD), licence="MIT", source="vendor")
    assert answer.status_code == 201, answer.content
    job = answer.json()
    assert (job["state"], job["num_rows"], job["rows_done"]) == ("queued", None, 0)
    work()
    job = shown(as_rita, job["id"])
    assert (job["state"], job["num_rows"], job["rows_done"], job["num_errors"]) == ("succeeded", 650, 650, 0)
    assert job["counts"]["judgments_created"] == Judgment.objects.count() == 650
    assert set(Prompt.objects.values_list("licence", "source")) == {("MIT", "vendor")}
    assert list(Mail.objects.values_list("user", "event")) == [(rita.pk, "import.finished")]
    assert as_rita.get(URL).json()["results"] == [job]


def test_a_killed_import_goes_on_behind_its_last_whole_batch(project, as_rita, monkeypatch):
    monkeypatch.setattr(import_running, "SLICE_SECONDS", 0)
    job = upload(as_rita, body(*GOOD)).json()["id"]
    now = timezone.now()

    def step(steps):
        next(steps)

    claimed = import_running._claim(now)
    steps = import_running._steps(claimed)
    for _ in range(3):  # read, checked, and one batch stored
        step(steps)
    assert (ImportJob.objects.get().rows_done, Judgment.objects.count()) == (300, 300)
    kill()
    assert not run_due(now=now, stop=never)  # somebody may still be at it
    monkeypatch.undo()
    work(now=timezone.now() + timedelta(minutes=2))
    assert shown(as_rita, job)["state"] == "succeeded"
    assert (Judgment.objects.count(), Comparison.objects.count(), Task.objects.count()) == (650, 650, 650)


@pytest.mark.once
def test_one_that_was_thought_dead_stores_nothing_more(project, as_rita):
    upload(as_rita, body(*GOOD))
    first = import_running._steps(import_running._claim(timezone.now()))
    next(first), next(first)
    second = import_running._claim(timezone.now() + timedelta(minutes=2))
    assert second is not None
    with pytest.raises(import_running.Lost):
        next(first)
    assert not Judgment.objects.exists()


def test_bad_rows_stop_an_import_and_come_as_a_file(project, as_rita):
    content = body(GOOD[0], b"oops", {"prompt": "", "responses": []}, GOOD[1])
    job = upload(as_rita, content).json()["id"]
    work()
    told = shown(as_rita, job)
    assert (told["state"], told["num_rows"], told["num_errors"]) == ("failed", 4, 2)
    assert told["error"].startswith("2 rows cannot be imported, so nothing was stored. Line 2: not JSON")
    assert not Prompt.objects.exists()
    answer = as_rita.get(f"{URL}/{job}/errors")
    errors = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]
    assert [(error["line"], error["row"]) for error in errors] == [
        (2, "oops"),
        (3, '{"prompt": "", "responses": []}'),
    ]
    answer = as_rita.get(f"{URL}/{job}/errors?format=csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [row["line"] for row in rows] == ["2", "3"]


def test_bad_rows_can_be_skipped(project, as_rita):
    job = upload(as_rita, body(b"oops", *GOOD[:5]), skip_bad_rows=1).json()["id"]
    work()
    told = shown(as_rita, job)
    assert (told["state"], told["rows_done"], told["num_errors"]) == ("succeeded", 6, 1)
    assert Judgment.objects.count() == 5
    assert ImportProblem.objects.get().line == 1


def test_the_same_file_again_stores_nothing(project, as_rita):
    for _ in range(2):
        job = upload(as_rita, body(*GOOD[:20])).json()["id"]
        work()
    assert shown(as_rita, job)["counts"]["judgments_created"] == 0
    assert Judgment.objects.count() == 20


def test_a_dry_run_counts_and_stores_nothing(project, as_rita):
    job = upload(as_rita, body(*GOOD[:20]), dry_run=1).json()["id"]
    work()
    told = shown(as_rita, job)
    assert (told["state"], told["counts"]["judgments_created"]) == ("succeeded", 20)
    assert not Prompt.objects.exists()
    assert not Judgment.objects.exists()


def test_an_import_can_be_stopped_and_taken_up_again(project, as_rita):
    job = upload(as_rita, body(*GOOD)).json()["id"]
    steps = import_running._steps(import_running._claim(timezone.now()))
    for _ in range(3):
        next(steps)
    assert as_rita.post(f"{URL}/{job}/cancel").json()["state"] == "cancelled"
    with pytest.raises(import_running.Lost):
        next(steps)
    assert as_rita.post(f"{URL}/{job}/cancel").status_code == 409
    assert as_rita.post(f"{URL}/{job}/resume").json()["state"] == "queued"
    work()
    assert (shown(as_rita, job)["state"], Judgment.objects.count()) == ("succeeded", 650)


def test_a_second_file_tells_what_the_ids_are(project, as_rita):
    arguments = [
        {"arg_id": f"a{n}", "debate": "Tea", "stance": "yes", "text": f"Reason {n}", "topic": "tea"}
        for n in range(2)
    ]
    pair = {"arg1": "a0", "arg2": "a1", "topic": "tea", "votes": [{"worker": "w", "value": "a2"}]}
    job = upload(as_rita, body(pair), waits_for_texts=1).json()
    assert job["waits_for_texts"] is True
    work()
    assert shown(as_rita, job["id"])["state"] == "queued"
    texts = as_rita.put(
        f"{URL}/{job['id']}/texts?filename=arguments.jsonl",
        body(*arguments),
        content_type="application/octet-stream",
    )
    assert texts.status_code == 200, texts.content
    work()
    assert shown(as_rita, job["id"])["state"] == "succeeded"
    assert Judgment.objects.get().annotator.external_id == "w"


def test_parquet_and_names_with_folders_are_fine(project, as_rita):
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(GOOD[:10]), buffer)
    job = upload(as_rita, buffer.getvalue(), "C:\\data\\my rows.parquet").json()
    assert job["filename"] == "my_rows.parquet"
    work()
    assert shown(as_rita, job["id"])["state"] == "succeeded"


@pytest.mark.parametrize(
    ("content", "options", "status", "words"),
    [
        (b"x", {"filename": "rows.exe"}, 400, "must end with"),
        (b"x", {"row_format": "nonsense"}, 400, "There is no format"),
        (b"", {}, 400, "empty"),
    ],
)
def test_what_cannot_be_imported_is_refused_at_once(project, as_rita, content, options, status, words):
    answer = upload(as_rita, content, **options)
    assert (answer.status_code, words in answer.json()["message"]) == (status, True), answer.json()
    assert not ImportJob.objects.exists()


def test_a_file_that_is_no_file_fails_with_a_sentence(project, as_rita):
    job = upload(as_rita, b"PAR1", "rows.parquet").json()["id"]
    work()
    told = shown(as_rita, job)
    assert told["state"] == "failed"
    assert "no whole Parquet file" in told["error"]


def test_an_import_of_another_project_is_not_found(project, as_rita, as_alice, as_operator):
    job = upload(as_rita, body(*GOOD[:1])).json()["id"]
    as_operator.post("/api/projects", {"name": "Other"}, format="json")
    assert as_operator.get(f"/api/projects/other/import-jobs/{job}").status_code == 404


def test_formats_are_listed(project, as_rita):
    told = as_rita.get("/api/projects/support/import-formats").json()
    assert {"ultrafeedback", "oasst", "label-studio"} <= {one["name"] for one in told["formats"]}
    assert ".parquet" in told["endings"]
