"""JSON Lines in: everything lands or nothing does, and every bad row says what to do."""

from __future__ import annotations

import gzip
import io
import json

import pytest
from django.core.management import CommandError, call_command

from labeling.core.errors import DomainError
from labeling.messages import BadContent
from labeling.models import Annotator, Batch, Comparison, Judgment, Project, Prompt, Response, Slot, Task
from labeling.services import readers
from labeling.services.import_rows import parse_line, parse_row
from labeling.services.imports import import_rows
from labeling.services.prompts import split_of
from tests.labeling.factories import NOON

PLAIN = {
    "prompt": "Where is my parcel?",
    "responses": ["In Bonn.", {"text": "No idea.", "generator": "curt"}],
}
PREFERENCE = {"prompt": "Where is it?", "chosen": "In Bonn.", "rejected": "Look yourself."}
HH = {
    "chosen": "\n\nHuman: Hi\n\nAssistant: Hello!\n\nHuman: Help?\n\nAssistant: Gladly.",
    "rejected": "\n\nHuman: Hi\n\nAssistant: Hello!\n\nHuman: Help?\n\nAssistant: No.",
}


def lines(*rows: object) -> io.BytesIO:
    return io.BytesIO(b"\n".join(row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows))


def load(project, *rows: object, **options):
    return import_rows(project=project, stream=lines(*rows), now=NOON, **options)


def num_stored() -> list[int]:
    models = (Prompt, Response, Task, Judgment, Comparison, Batch, Annotator)
    return [model.objects.count() for model in models]


def nothing_is_stored() -> bool:
    return not any(num_stored())


# --- what lands ------------------------------------------------------------------------


def test_a_plain_row_becomes_a_task(project):
    result = load(project, {**PLAIN, "overlap": 3, "priority": 7, "arm": "gold", "tags": ["post"]})
    assert (result.rows, result.prompts_created, result.responses_created, result.tasks_created) == (
        1,
        1,
        2,
        1,
    )
    task = Task.objects.get()
    assert (task.overlap, task.priority, task.arm, task.prompt.tags) == (3, 7, "gold", ["post"])
    assert Slot.objects.filter(task=task, arm="gold", priority=7).count() == 3
    names = task.responses.order_by("pk").values_list("generator__name", flat=True)
    assert list(names) == ["import", "curt"]


def test_overlap_defaults_to_the_projects(project):
    project.overlap = 2
    load(project, PLAIN)
    assert Slot.objects.count() == 2


def test_a_row_without_responses_adds_a_prompt_only(project):
    result = load(project, {"messages": [{"role": "user", "content": "Hi"}], "system": "Be kind."})
    assert (result.prompts_created, result.tasks_created) == (1, 0)
    assert [message["role"] for message in Prompt.objects.get().messages] == ["system", "user"]


def test_a_preference_becomes_a_judgment_and_its_comparison(project):
    result = load(project, {**PREFERENCE, "worker": "w7", "strength": 2}, source="vendor", licence="MIT")
    assert (result.tasks_created, result.judgments_created) == (0, 1)
    comparison = Comparison.objects.select_related("winner", "judgment__annotator", "prompt").get()
    assert comparison.winner.messages == [{"role": "assistant", "content": "In Bonn."}]
    assert (comparison.strength, comparison.is_tie) == (2, False)
    annotator = comparison.judgment.annotator
    assert (annotator.kind, annotator.external_id, annotator.source) == ("imported", "w7", "vendor")
    assert (comparison.prompt.licence, comparison.prompt.source) == ("MIT", "vendor")
    assert not Slot.objects.exists()


def test_transcripts_are_cut_at_their_shared_beginning(project):
    load(project, {"id": "hh-1", **HH})
    comparison = Comparison.objects.select_related("prompt", "winner", "loser").get()
    assert [message["content"] for message in comparison.prompt.messages] == ["Hi", "Hello!", "Help?"]
    assert comparison.winner.messages == [{"role": "assistant", "content": "Gladly."}]
    assert comparison.loser.messages == [{"role": "assistant", "content": "No."}]


def test_message_lists_are_cut_at_their_shared_beginning(project):
    shared = [{"role": "user", "content": "Hi"}]
    chosen, rejected = {"role": "assistant", "content": "Hello!"}, {"role": "assistant", "content": "What?"}
    load(project, {"chosen": [*shared, chosen], "rejected": [*shared, rejected]})
    assert Prompt.objects.get().messages == shared


def test_a_dialogue_beside_its_prompt_is_cut_to_the_reply(project):
    shared = [{"role": "user", "content": "Hi"}]
    chosen = [*shared, {"role": "assistant", "content": "Hello!"}]
    load(project, {"prompt": "Hi", "chosen": chosen, "rejected": "What?"})
    assert Comparison.objects.get().winner.messages == chosen[1:]


def test_turns_of_one_speaker_become_one_message():
    row = parse_row({"prompt": "\n\nHuman: One\n\nHuman: Two\n\nAssistant: \n\nHuman: Three"})
    assert row.prompt.messages == [{"role": "user", "content": "One\n\nTwo\n\nThree"}]


def test_a_line_separator_does_not_end_a_line(project):
    load(project, json.dumps({"prompt": "One\u2028two\u0085three"}, ensure_ascii=False).encode())
    assert Prompt.objects.get().messages[0]["content"] == "One\u2028two\u0085three"


def test_a_byte_order_mark_blank_lines_and_crlf_are_fine(project):
    stream = io.BytesIO(b"\xef\xbb\xbf" + json.dumps(PLAIN).encode() + b"\r\n\r\n   \n")
    assert import_rows(project=project, stream=stream, now=NOON).rows == 1


# --- again -----------------------------------------------------------------------------


def test_the_same_file_again_stores_nothing_new(project):
    rows = [PLAIN, {**PREFERENCE, "worker": "w1"}, {**PREFERENCE, "worker": "w2"}, HH]
    load(project, *rows)
    before = [model.objects.count() for model in (Prompt, Response, Task, Judgment, Comparison, Batch)]
    again = load(project, *rows)
    assert [
        model.objects.count() for model in (Prompt, Response, Task, Judgment, Comparison, Batch)
    ] == before
    assert (again.prompts_created, again.prompts_known, again.responses_created) == (0, 4, 0)
    assert (again.tasks_created, again.judgments_created) == (0, 0)


def test_the_same_row_twice_in_one_file_lands_once(project):
    result = load(project, PLAIN, PLAIN, HH, HH)
    assert (result.prompts_created, result.prompts_known) == (2, 2)
    assert (result.tasks_created, result.judgments_created) == (1, 1)


def test_a_known_prompt_may_get_other_responses(project):
    load(project, PLAIN)
    result = load(project, {**PLAIN, "responses": ["In Bonn.", "In Rome."]})
    assert (result.prompts_known, result.responses_created, result.tasks_created) == (1, 1, 1)


def test_workers_who_disagree_are_both_kept(project):
    flipped = {**PREFERENCE, "chosen": PREFERENCE["rejected"], "rejected": PREFERENCE["chosen"]}
    result = load(project, {**PREFERENCE, "worker": "a"}, {**flipped, "worker": "b"})
    assert (result.judgments_created, Task.objects.count()) == (2, 1)


def test_the_same_content_in_another_project_is_its_own(project):
    load(project, PREFERENCE)
    other = Project.objects.create(slug="other", name="Other")
    assert load(other, PREFERENCE).judgments_created == 1


def test_sibling_turns_share_a_split(project):
    turns = [{"role": "user", "content": "Root"}]
    rows = [{"messages": turns}]
    for n in range(8):
        turns = [*turns, {"role": "assistant", "content": f"A{n}"}, {"role": "user", "content": f"Q{n}"}]
        rows.append({"messages": turns, "system": f"Persona {n}"})
    load(project, *rows)
    assert len(set(Prompt.objects.values_list("split", flat=True))) == 1


def test_splits_come_out_as_asked():
    hashes = [f"{n * 7919 % 2**48:012x}" for n in range(20_000)]
    splits = [split_of(hash, 15, 20) for hash in hashes]
    assert splits.count("test") / len(splits) == pytest.approx(0.20, abs=0.01)
    assert splits.count("validation") / len(splits) == pytest.approx(0.15, abs=0.01)


# --- what does not land ----------------------------------------------------------------

MESSAGE = {"role": "user", "content": "Hi"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{'prompt': 'Hi'}", "not JSON"),
        (b'{"prompt": "Hi"', "not JSON"),
        (b'{"prompt": "caf\xe9"}', "not valid UTF-8 at byte 16"),
        (b"[" * 100_000, "nests too deeply"),
        (b'{"priority": ' + b"9" * 5000 + b"}", "huge number"),
        (b"[1]", "a row must be an object, not a list"),
        (b"null", "a row must be an object, not null"),
        ({}, "give the prompt once"),
        ({"prompt": "Hi", "messages": [MESSAGE]}, "give the prompt once"),
        ({"prompt": "Hi", "reponses": ["a", "b"]}, "unknown keys: reponses. A row like this may have"),
        ({**PREFERENCE, "responses": ["a", "b"]}, "unknown keys: responses"),
        ({"prompt": 7}, "the prompt must be text or a list of messages, not a number"),
        ({"prompt": ""}, "the prompt is empty"),
        ({"prompt": " \n "}, "the prompt is empty"),
        ({"prompt": []}, "the prompt has no messages"),
        ({"prompt": ["Hi"]}, "message 1 of the prompt must be an object with role and content, not text"),
        ({"prompt": [{"role": "human", "content": "Hi"}]}, "needs a role: one of system, user"),
        ({"prompt": [{"role": "user"}]}, "the content of message 1 of the prompt must be text, not null"),
        ({"prompt": [{**MESSAGE, "weight": 1}]}, "unknown keys: weight"),
        ({"prompt": [MESSAGE, {"role": "assistant", "content": "Yes?"}]}, "must end with a user message"),
        ({"prompt": [{"role": "system", "content": "S"}, MESSAGE], "system": "T"}, "system message already"),
        ({"prompt": "a\x00b"}, "the prompt contains a NUL character"),
        (b'{"prompt": "\\ud800"}', "half a surrogate pair"),
        (b'{"prompt": [{"role": "user", "content": "x", "name": NaN}]}', "not a JSON number"),
        ({"prompt": "x" * 400_001}, "longer than 400,000 characters"),
        ({**PLAIN, "responses": "ab"}, "responses must be a list, not text"),
        ({**PLAIN, "responses": ["one"]}, "responses has 1: give 2 to 9"),
        ({**PLAIN, "responses": [str(n) for n in range(10)]}, "responses has 10: give 2 to 9"),
        ({**PLAIN, "responses": ["a", "b", "a"]}, "response 1 and response 3 are identical"),
        ({**PLAIN, "responses": ["caf\u00e9", "cafe\u0301"]}, "identical"),
        ({**PLAIN, "responses": ["a", ""]}, "response 2 is empty"),
        ({**PLAIN, "responses": ["a", None]}, "response 2 must be text or a list of messages, not null"),
        ({**PLAIN, "responses": ["a", {"text": "b", "messages": []}]}, "text or messages, and not both"),
        ({**PLAIN, "responses": ["a", {"txt": "b"}]}, "response 2 has unknown keys: txt"),
        ({**PLAIN, "responses": ["a", [MESSAGE]]}, "must begin with an assistant message"),
        ({**PLAIN, "overlap": 0}, "overlap must be a whole number from 1"),
        ({**PLAIN, "overlap": True}, "overlap must be a whole number"),
        ({**PLAIN, "overlap": 1.5}, "overlap must be a whole number"),
        ({**PLAIN, "priority": 10**30}, "priority must be a whole number"),
        ({**PLAIN, "arm": "best"}, "arm must be one of active, random"),
        ({**PLAIN, "arm": []}, "arm must be one of"),
        ({**PLAIN, "tags": "post"}, "tags must be a list of words"),
        ({**PLAIN, "licence": "x" * 101}, "licence is longer than 100"),
        ({**PLAIN, "generator": {"name": "x"}}, "generator must be text, not an object"),
        ({"prompt": "Hi", "chosen": "a"}, "rejected is missing"),
        ({"prompt": "Hi", "chosen": "a", "rejected": None}, "rejected is missing"),
        ({**PREFERENCE, "rejected": PREFERENCE["chosen"]}, "identical"),
        ({**PREFERENCE, "strength": 4}, "strength must be a whole number from 1 to 3"),
        ({"chosen": "a", "rejected": "b"}, "chosen must start with “Human:” or come with a prompt"),
        ({**HH, "rejected": "\n\nHuman: Other\n\nAssistant: No."}, "do not begin alike"),
        ({**HH, "rejected": HH["chosen"]}, "chosen and rejected are identical"),
        ({**HH, "rejected": HH["rejected"].removesuffix("No.")}, "rejected ends without a reply"),
        ({"chosen": 1, "rejected": "b"}, "chosen must be text or a list of messages, not a number"),
    ],
)
def test_a_bad_row_says_what_to_change(line, words):
    raw = line if isinstance(line, bytes) else json.dumps(line).encode()
    with pytest.raises(BadContent) as caught:
        parse_line(raw)
    assert words in str(caught.value)


def test_any_bad_row_stores_nothing_and_names_its_line(project):
    with pytest.raises(DomainError) as caught:
        load(project, PLAIN, b"", b"oops", PLAIN, {"prompt": ""})
    assert (caught.value.code, caught.value.status) == ("bad_rows", 400)
    assert [error["line"] for error in caught.value.fields["errors"]] == [3, 5]
    assert caught.value.fields["num_errors"] == 2
    assert caught.value.message.startswith(
        "2 rows cannot be imported, so nothing was stored. Line 3: not JSON"
    )
    assert nothing_is_stored()


def test_bad_rows_can_be_skipped(project):
    result = load(project, PLAIN, b"oops", skip_bad_rows=True)
    assert (result.rows, result.tasks_created, result.num_errors) == (2, 1, 1)
    assert [error.line for error in result.errors] == [2]


def test_only_the_first_hundred_errors_are_told(project):
    with pytest.raises(DomainError) as caught:
        load(project, *[b"oops"] * 250)
    assert (len(caught.value.fields["errors"]), caught.value.fields["num_errors"]) == (100, 250)


def test_an_empty_file_is_refused(project):
    with pytest.raises(DomainError, match="no rows"):
        load(project, b"\n \n")


def test_a_row_too_large_to_hold_is_passed_over(project, monkeypatch):
    monkeypatch.setattr(readers, "MAX_LINE_BYTES", 1000)
    result = load(project, PLAIN, {"prompt": "x" * 5000}, {"prompt": "after"}, skip_bad_rows=True)
    assert [error.line for error in result.errors] == [2]
    assert result.prompts_created == 2


def test_a_dry_run_counts_and_stores_nothing(project):
    result = load(project, PLAIN, HH, dry_run=True)
    assert (result.prompts_created, result.tasks_created, result.judgments_created) == (2, 1, 1)
    assert nothing_is_stored()


@pytest.mark.once
def test_rows_are_stored_in_chunks(project):
    rows = [{"prompt": f"Q{n}", "responses": ["a", "b"]} for n in range(700)]
    assert load(project, *rows).tasks_created == 700
    assert Slot.objects.count() == 700


# --- over HTTP and by command ----------------------------------------------------------


def post(client, *rows: object, query: str = ""):
    return client.post(
        f"/api/projects/support/imports{query}", lines(*rows).read(), content_type="application/x-ndjson"
    )


def test_import_over_http(project, as_rita):
    answer = post(as_rita, PLAIN, HH)
    assert answer.status_code == 200
    assert answer.json() == {
        "rows": 2,
        "prompts_created": 2,
        "prompts_known": 0,
        "responses_created": 4,
        "tasks_created": 1,
        "judgments_created": 1,
        "errors": [],
        "num_errors": 0,
        "dry_run": False,
    }


def test_bad_rows_over_http(project, as_rita):
    answer = post(as_rita, b"oops")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_rows")
    assert answer.json()["fields"]["errors"][0]["line"] == 1
    assert post(as_rita, PLAIN, b"oops", query="?skip_bad_rows=1").json()["num_errors"] == 1
    assert post(as_rita, {"prompt": "New"}, query="?dry_run=1").json()["dry_run"] is True
    assert Prompt.objects.count() == 1


@pytest.mark.parametrize(
    ("who", "status"), [("as_bob", 403), ("as_charlie", 404), ("anonymous", 401), ("as_lena", 200)]
)
def test_who_may_import(project, request, who, status):
    assert post(request.getfixturevalue(who), PLAIN).status_code == status


def test_an_empty_body_is_refused(project, as_rita):
    answer = as_rita.post("/api/projects/support/imports", b"", content_type="application/x-ndjson")
    assert (answer.status_code, answer.json()["code"]) == (400, "empty")


def test_another_content_type_is_refused(project, as_rita):
    assert as_rita.post("/api/projects/support/imports", {"prompt": "Hi"}, format="json").status_code == 415


def test_the_command_reads_gzip_and_reports(project, tmp_path, capsys):
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(lines(PLAIN, HH).read()))
    call_command("import_data", "support", str(path), "--licence", "MIT")
    assert "2 rows: 2 new prompts (0 known), 4 new responses, 1 tasks queued" in capsys.readouterr().out
    assert set(Prompt.objects.values_list("licence", flat=True)) == {"MIT"}


def test_the_command_says_what_is_wrong_in_one_sentence(project, tmp_path):
    with pytest.raises(CommandError, match=r"no project “nope”. Projects: support\."):
        call_command("import_data", "nope", "rows.jsonl")
    with pytest.raises(CommandError, match=r"Cannot read .*No such file"):
        call_command("import_data", "support", str(tmp_path / "absent.jsonl"))
    torn = tmp_path / "torn.jsonl.gz"
    torn.write_bytes(gzip.compress(b"{}" * 1000)[:-9])
    with pytest.raises(CommandError, match="not a whole gzip file"):
        call_command("import_data", "support", str(torn))
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(b"oops\n")
    with pytest.raises(CommandError, match="1 row cannot be imported"):
        call_command("import_data", "support", str(bad))
