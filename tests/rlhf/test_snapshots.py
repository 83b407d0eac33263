from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest

from labeling.core.errors import DomainError
from labeling.models import Judgment, Project
from labeling.services.undo import undo
from labeling.services.written import Edit
from rlhf import storage
from rlhf.models import Snapshot, SnapshotJudgment
from rlhf.selectors import snapshots as selectors
from rlhf.services.snapshots import freeze
from tests.labeling.factories import ask_for, fill_queue, judge, next_of
from tests.rlhf.factories import (
    NOON,
    SOON,
    add_preferences,
    import_json_lines,
    prompt_splits,
    rank_everything,
)

pytestmark = pytest.mark.django_db


def freeze_preferences(project: Project, user, now=NOON, **filters) -> Snapshot:
    return freeze(project=project, kind="preferences", filters=filters, user=user, now=now)


def test_the_same_labels_give_the_same_snapshot(labeled, rita):
    first = freeze_preferences(labeled, rita)
    again = freeze_preferences(labeled, rita, now=SOON)
    assert again == first
    assert Snapshot.objects.count() == 1


@pytest.mark.once
def test_one_more_judgment_gives_another_digest(labeled, rita):
    first = freeze_preferences(labeled, rita)
    add_preferences(labeled, 1, word="Another")
    second = freeze_preferences(labeled, rita, now=SOON)
    assert second.digest != first.digest
    assert sum(second.num_rows.values()) == sum(first.num_rows.values()) + 1


def test_a_correction_leaves_the_frozen_snapshot_as_it_was(labeled, rita, bob):
    fill_queue(labeled, 3, word="Open")
    rank_everything(labeled, bob)
    frozen = freeze_preferences(labeled, rita, now=SOON)
    before = {
        split: selectors.rows(snapshot=frozen, split=split, offset=0, limit=99) for split in frozen.num_rows
    }
    Judgment.objects.filter(annotator__user=bob).update(superseded_at=SOON)
    later = freeze_preferences(labeled, rita, now=SOON + timedelta(hours=1))
    frozen.refresh_from_db()
    after = {
        split: selectors.rows(snapshot=frozen, split=split, offset=0, limit=99) for split in frozen.num_rows
    }
    assert later.digest != frozen.digest
    assert after == before


def test_splits_follow_prompts_and_never_share_one(labeled, rita):
    snapshot = freeze_preferences(labeled, rita)
    splits = prompt_splits(labeled)
    assert set(snapshot.num_rows) == {"train", "validation", "test"}
    for split, num_rows in snapshot.num_rows.items():
        rows = selectors.rows(snapshot=snapshot, split=split, offset=0, limit=100)
        assert len(rows) == num_rows > 0
        assert {splits[row["prompt_id"]] for row in rows} == {split}


def test_rows_carry_what_trainers_and_lineage_need(labeled, rita):
    row = selectors.rows(snapshot=freeze_preferences(labeled, rita), split="train", offset=0, limit=1)[0]
    assert row["prompt"][0]["role"] == "user"
    assert row["chosen"][0]["role"] == "assistant"
    assert row["rejected"] == [{"role": "assistant", "content": "No."}]
    assert row["tie"] is False
    assert (row["strength"], row["reliability"], row["annotator"]) == (0, None, "a1")
    assert (row["chosen_finish"], row["rejected_finish"], row["from_edit"]) == ("", "", False)
    assert Judgment.objects.filter(pk=row["judgment"]).exists()


@pytest.mark.once
def test_every_judgment_in_a_snapshot_is_linked_once(labeled, rita):
    snapshot = freeze_preferences(labeled, rita)
    linked = SnapshotJudgment.objects.filter(snapshot=snapshot).values_list("judgment_id", flat=True)
    assert sorted(linked) == sorted(Judgment.objects.values_list("pk", flat=True))


def test_rows_can_be_read_from_the_middle_across_row_groups(labeled, rita, monkeypatch):
    monkeypatch.setattr("rlhf.services.snapshot_files.ROWS_PER_GROUP", 4)
    snapshot = freeze_preferences(labeled, rita, splits=["train"])
    everything = selectors.rows(snapshot=snapshot, split="train", offset=0, limit=100)
    assert selectors.rows(snapshot=snapshot, split="train", offset=3, limit=6) == everything[3:9]


@pytest.mark.once
def test_evaluation_judgments_are_never_frozen_for_training(labeled, rita, bob):
    before = freeze_preferences(labeled, rita)
    fill_queue(labeled, 3, arm="evaluation", word="Blind")
    rank_everything(labeled, bob)
    assert freeze_preferences(labeled, rita, now=SOON) == before
    with pytest.raises(DomainError, match="Evaluation judgments"):
        freeze_preferences(labeled, rita, arms=["evaluation"])


@pytest.mark.once
def test_tool_calls_survive_freezing(labeled, rita):
    call = [{"type": "function", "function": {"name": "look_up", "arguments": {"order": 7}}}]
    prompt = [
        {"role": "user", "content": "Where is my order?"},
        {"role": "assistant", "content": "", "tool_calls": call},
        {"role": "tool", "content": "on its way"},
    ]
    import_json_lines(labeled, [{"prompt": prompt, "chosen": "It is on its way.", "rejected": "No."}])
    snapshot = freeze_preferences(labeled, rita)
    rows = [
        row
        for split in snapshot.num_rows
        for row in selectors.rows(snapshot=snapshot, split=split, offset=0, limit=100)
    ]
    assert any(message.get("tool_calls") == call for row in rows for message in row["prompt"])


@pytest.mark.once
def test_datasets_reads_the_parquet_files(labeled, rita, tmp_path):
    snapshot = freeze_preferences(labeled, rita)
    local = tmp_path / "train.parquet"
    local.write_bytes(b"".join(storage.read_chunks(f"{snapshot.path}/train.parquet")))
    program = (
        "import sys; from datasets import Dataset; "
        f"rows = Dataset.from_parquet({str(local)!r}, cache_dir={str(tmp_path / 'cache')!r}); "
        "print(len(rows), rows[0]['chosen'][0]['role'], 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(snapshot.num_rows["train"]), "assistant", "False"]


def test_prompts_are_frozen_least_used_first_and_reproducibly(labeled, rita):
    filters = {"splits": ["train"], "limit": 5, "seed": 3}
    first = freeze(project=labeled, kind="prompts", filters=filters, user=rita, now=NOON)
    again = freeze(project=labeled, kind="prompts", filters=filters, user=rita, now=SOON)
    assert first == again
    assert first.num_rows == {"train": 5}


def test_written_and_edited_responses_are_frozen_with_their_judgments(project, bob, rita, as_rita):
    ask_for(project, edit="optional", undo_seconds=3600)
    fill_queue(project, 20, arm="random")
    fill_queue(project, 5, arm="evaluation", word="Evaluate")
    edited = {}
    while held := next_of(bob, project, count=10):
        for one in held:
            edited[judge(bob, one, edit=Edit(text=f"Edit of {one.task_id}")).judgment_id] = one
    frozen = freeze(project=project, kind="demonstrations", filters={}, user=rita, now=SOON)
    assert sum(frozen.num_rows.values()) == 20
    links = SnapshotJudgment.objects.filter(snapshot=frozen)
    linked = set(links.values_list("judgment_id", flat=True))
    assert linked == {id for id, one in edited.items() if one.task.arm == "random"}
    judgment_id = min(linked)
    undo(user=bob, assignment=edited[judgment_id], judgment_id=judgment_id, reason="", now=SOON)
    assert set(links.values_list("judgment_id", flat=True)) == linked
    assert Judgment.objects.get(pk=judgment_id).superseded_at == SOON
    [gone] = as_rita.get(f"/api/snapshots/{frozen.pk}/superseded").json()["results"]
    assert (gone["judgment"], gone["withdrawn"]) == (judgment_id, True)
    again = freeze(project=project, kind="demonstrations", filters={}, user=rita, now=SOON)
    assert (sum(again.num_rows.values()), again.digest == frozen.digest) == (19, False)


@pytest.mark.parametrize(
    ("kind", "words"),
    [("preferences", "rank some responses"), ("prompts", "import prompts"), ("demonstrations", "no person")],
)
def test_nothing_to_freeze_is_said_and_leaves_nothing(project, rita, kind, words):
    with pytest.raises(DomainError, match=words):
        freeze(project=project, kind=kind, filters={}, user=rita, now=NOON)
    assert not Snapshot.objects.exists()


@pytest.mark.once
def test_a_refused_snapshot_leaves_no_files(labeled, rita, monkeypatch, settings):
    monkeypatch.setattr("rlhf.services.snapshots._link", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        freeze_preferences(labeled, rita)
    root = settings.ARTIFACT_URL.removeprefix("file://")
    files = subprocess.run(["find", root, "-type", "f"], capture_output=True, text=True, check=True)
    assert files.stdout == ""


class TestApi:
    def test_rita_freezes_and_reads_and_downloads(self, labeled, as_rita):
        made = as_rita.post("/api/projects/support/snapshots", {"kind": "preferences"}, format="json")
        assert made.status_code == 201, made.json()
        number = made.json()["id"]
        assert as_rita.get("/api/projects/support/snapshots").json()["results"][0]["id"] == number
        assert as_rita.get(f"/api/snapshots/{number}").json()["created_by"] == "Rita"
        rows = as_rita.get(f"/api/snapshots/{number}/rows?split=train&limit=2").json()
        assert len(rows["rows"]) == 2
        file = as_rita.get(f"/api/snapshots/{number}/files/train.parquet")
        assert b"".join(file.streaming_content)[:4] == b"PAR1"

    @pytest.mark.once
    def test_lena_reads_but_does_not_freeze(self, preferences, as_lena):
        assert as_lena.get(f"/api/snapshots/{preferences.pk}").status_code == 200
        refused = as_lena.post("/api/projects/support/snapshots", {"kind": "preferences"}, format="json")
        assert refused.status_code == 403

    @pytest.mark.once
    @pytest.mark.parametrize("tail", ["", "/rows", "/files/train.parquet"])
    def test_charlie_learns_nothing(self, preferences, as_charlie, tail):
        hidden = as_charlie.get(f"/api/snapshots/{preferences.pk}{tail}")
        unknown = as_charlie.get(f"/api/snapshots/99999{tail}")
        assert hidden.status_code == unknown.status_code == 404
        assert hidden.json()["message"].replace(str(preferences.pk), "99999") == unknown.json()["message"]

    @pytest.mark.once
    def test_bob_sees_no_snapshots(self, preferences, as_bob):
        assert as_bob.get(f"/api/snapshots/{preferences.pk}").status_code == 403

    @pytest.mark.once
    def test_a_file_that_is_not_there_is_not_found(self, preferences, as_rita):
        assert as_rita.get(f"/api/snapshots/{preferences.pk}/files/secret.txt").status_code == 404

    @pytest.mark.once
    @pytest.mark.parametrize("query", ["offset=-1", "limit=x", "offset=99999999999999999999999"])
    def test_bad_numbers_are_refused(self, preferences, as_rita, query):
        assert as_rita.get(f"/api/snapshots/{preferences.pk}/rows?{query}").status_code == 400
