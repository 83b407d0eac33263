"""Labels on their way out: every kind, every form of file, and back in again."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from labeling.models import Comparison, Judgment, Project, Prompt, Response
from labeling.selectors import pages
from labeling.selectors.exports import Filters
from labeling.services.export_kinds import KINDS
from labeling.services.exports import export
from labeling.services.imports import import_rows
from tests.labeling.factories import NOON, fill_queue, judge, keys_of, next_of
from tests.labeling.test_imports import lines

LATER = NOON + timedelta(hours=1)
SYSTEM = [{"role": "system", "content": "Be kind."}]
TALK = [
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello!"},
    {"role": "user", "content": "Help?"},
]
ROWS = [
    {
        "prompt": "Where is it?",
        "responses": [
            {"text": "In Bonn.", "generator": "m1"},
            {"text": "Look.", "generator": "m2"},
            "No idea.",
        ],
        "judgments": [
            {
                "worker": "w1",
                "ranking": [[1], [2, 3]],
                "strengths": [2],
                "criteria": {"helpful": [5, 2, None]},
                "comment": "Clear.",
                "reasons": ["facts"],
                "spans": [{"response": 2, "start": 0, "end": 4, "label": "rude"}],
                "seconds": 4.5,
                "details": {"confidence": 9},
            },
            {"worker": "w2", "ranking": [[2], [1], [3]]},
        ],
        "tags": ["post"],
    },
    {"messages": TALK, "chosen": "Gladly.", "rejected": "No.", "worker": "w1", "tags": ["chat"]},
    {"prompt": "Both?", "responses": ["A", "B"], "judgments": [{"verdict": "both_bad", "worker": "w3"}]},
    {
        "prompt": "Tools?",
        "chosen": [
            {"role": "assistant", "content": "", "tool_calls": [{"name": "x"}]},
            {"role": "tool", "content": "1"},
            {"role": "assistant", "content": "One."},
        ],
        "rejected": "Two.",
    },
    {"prompt": "Write.", "demonstrations": ["Dear all,"]},
]


@pytest.fixture
def filled(project):
    import_rows(project=project, stream=lines(*ROWS), now=NOON, licence="CC BY 4.0", source="set")
    return project


def take(project, kind: str, **options):
    made = export(project=project, kind=kind, now=options.pop("now", LATER), **options)
    return b"".join(made.chunks)


def rows_of(project, kind: str, **options) -> list[dict]:
    return [json.loads(line) for line in take(project, kind, **options).split(b"\n") if line]


def table_of(project, kind: str, **options):
    import pyarrow.parquet as pq

    return pq.read_table(io.BytesIO(take(project, kind, file_format="parquet", **options)))


# --- kinds -------------------------------------------------------------------------------


def test_every_kind_carries_licence_source_and_who_said_it(filled):
    for name, kind in KINDS.items():
        found = rows_of(filled, name)
        assert found, name
        for row in found:
            row = {**row, **row.get("meta", {})}
            assert (row["licence"], row["source"]) == ("CC BY 4.0", "set"), name
            if kind.of == "judgment":
                assert row["worker"] in {"w1", "w2", "w3", "anonymous"}, name


def test_preferences_have_an_explicit_prompt_and_no_ties(filled):
    found = rows_of(filled, "preferences")
    assert len(found) == Comparison.objects.filter(is_tie=False).count() == 7
    talk = next(row for row in found if row["tags"] == ["chat"])
    assert (talk["prompt"], talk["chosen"]) == (TALK, [{"role": "assistant", "content": "Gladly."}])
    plain = rows_of(filled, "preferences", style="text")
    assert {"prompt": "Where is it?", "chosen": "In Bonn.", "rejected": "Look."}.items() <= plain[0].items()
    talk = next(row for row in plain if row["tags"] == ["chat"])
    assert talk["prompt"] == "\n\nHuman: Hi\n\nAssistant: Hello!\n\nHuman: Help?\n\nAssistant:"
    assert (talk["chosen"], talk["rejected"]) == (" Gladly.", " No.")


def test_unpaired_rows_follow_places_and_verdicts(filled):
    found = [
        (row["prompt"], row["completion"], row["label"]) for row in rows_of(filled, "unpaired", style="text")
    ]
    assert ("Both?", "A", False) in found
    assert ("Both?", "B", False) in found
    where = [(completion, label) for prompt, completion, label in found if prompt == "Where is it?"]
    assert where == [
        ("In Bonn.", True),
        ("Look.", False),
        ("No idea.", False),
        ("Look.", True),
        ("No idea.", False),
    ]


def test_rankings_keep_ties_as_equal_ranks(filled):
    first = rows_of(filled, "rankings")[0]
    assert [(one["answer"], one["rank"]) for one in first["answers"]] == [
        ("In Bonn.", 1),
        ("Look.", 2),
        ("No idea.", 2),
    ]
    assert [one["model"] for one in first["answers"]] == ["m1", "m2", "set"]


def test_hh_rows_are_whole_transcripts(filled):
    found = rows_of(filled, "hh")
    talk = next(row for row in found if row["tags"] == ["chat"])
    assert talk["chosen"] == "\n\nHuman: Hi\n\nAssistant: Hello!\n\nHuman: Help?\n\nAssistant: Gladly."


def test_demonstrations_and_prompts(filled):
    [row] = rows_of(filled, "demonstrations")
    assert row["completion"] == [{"role": "assistant", "content": "Dear all,"}]
    assert len(rows_of(filled, "prompts")) == Prompt.objects.count()


def test_versions_of_protocol_and_guidelines_ride_along(project, bob):
    fill_queue(project)
    [held] = next_of(bob, project)
    judge(bob, held)
    [row] = rows_of(project, "preferences")
    assert (row["protocol_version"], row["guideline_version"]) == (1, 1)
    assert row["worker"] == f"annotator-{row['annotator']}"


# --- the cut and the filters ---------------------------------------------------------------


def test_what_is_said_during_an_export_is_not_in_it(project, bob, carol):
    fill_queue(project, 4, overlap=2)
    held = next_of(bob, project, count=4)
    for one in held[:3]:
        judge(bob, one)
    made = export(project=project, kind="comparisons", now=timezone.now())
    winners = {}
    for one in Comparison.objects.all():
        winners[one.judgment_id] = one.winner_id
    judge(bob, held[0], tiers=[[key] for key in reversed(keys_of(held[0]))], now=timezone.now())
    judge(bob, held[3], now=timezone.now())
    rows = [json.loads(line) for line in b"".join(made.chunks).splitlines()]
    assert {row["judgment"]: row["chosen_id"] for row in rows} == winners


@pytest.mark.parametrize(
    ("filters", "number"),
    [
        (Filters(), 9),
        (Filters(tags=["chat"]), 1),
        (Filters(tags=["chat", "post"]), 7),
        (Filters(arms=["gold"]), 0),
        (Filters(since=LATER), 0),
        (Filters(until=LATER), 9),
        (Filters(adjudicated=True), 0),
        (Filters(adjudicated=False), 9),
        (Filters(splits=["train", "validation", "test"]), 9),
    ],
)
def test_exports_are_filtered(filled, filters, number):
    assert len(rows_of(filled, "comparisons", filters=filters)) == number


def test_exports_are_filtered_by_annotator(filled):
    w1 = Judgment.objects.filter(annotator__external_id="w1").first().annotator_id
    assert {row["worker"] for row in rows_of(filled, "judgments", filters=Filters(annotators=[w1]))} == {"w1"}


def test_pages_join_without_a_seam(project, monkeypatch):
    monkeypatch.setattr(pages, "PAGE", 7)
    rows = [{"prompt": f"Q{n}", "chosen": "A", "rejected": "B"} for n in range(40)]
    import_rows(project=project, stream=lines(*rows), now=NOON)
    ids = [row["judgment"] for row in rows_of(project, "comparisons")]
    assert ids == sorted(Judgment.objects.values_list("pk", flat=True))
    assert len(rows_of(project, "prompts")) == 40


# --- forms of file -------------------------------------------------------------------------


@pytest.mark.once
@pytest.mark.parametrize(
    ("kind", "style"),
    [(name, style) for name, kind in KINDS.items() if kind.columns for style in kind.styles],
)
def test_parquet_has_the_columns_and_rows_of_json(filled, kind, style):
    as_json, table = rows_of(filled, kind, style=style), table_of(filled, kind, style=style)
    assert table.num_rows == len(as_json)
    assert set(table.column_names) - {"extras"} == set(KINDS[kind].columns) == set(as_json[0])
    if style == "text" and "prompt" in as_json[0]:
        assert table.column("prompt").to_pylist() == [row["prompt"] for row in as_json]


def test_messages_that_hold_more_are_kept_beside_their_columns(filled):
    table = table_of(filled, "preferences").to_pylist()
    extras = [json.loads(row["extras"]) for row in table if row["extras"]]
    assert [list(one) for one in extras] == [["chosen"]]
    assert extras[0]["chosen"][0]["tool_calls"] == [{"name": "x"}]


def test_row_groups_stay_small(project, monkeypatch):
    import pyarrow.parquet as pq

    from labeling.services import export_files

    monkeypatch.setattr(export_files, "GROUP_ROWS", 10)
    rows = [{"prompt": f"Q{n}", "chosen": "A", "rejected": "B"} for n in range(35)]
    import_rows(project=project, stream=lines(*rows), now=NOON)
    chunks = list(export(project=project, kind="comparisons", file_format="parquet", now=LATER).chunks)
    assert pq.ParquetFile(io.BytesIO(b"".join(chunks))).num_row_groups == 4
    assert len(chunks) == 5


def test_an_empty_export_is_a_readable_file(project):
    assert table_of(project, "comparisons").num_rows == 0
    assert take(project, "comparisons") == b""
    assert json.loads(take(project, "comparisons", file_format="list")) == []


def test_csv_holds_lists_as_json(filled):
    found = list(csv.DictReader(io.StringIO(take(filled, "preferences", file_format="csv").decode())))
    assert json.loads(found[0]["prompt"])[0]["content"] == "Where is it?"
    assert found[0]["licence"] == "CC BY 4.0"


TYPED = [name for name, kind in KINDS.items() if kind.columns]


@pytest.mark.once
@pytest.mark.parametrize("file_format", ["jsonl", "csv", "parquet"])
@pytest.mark.parametrize("kind", TYPED)
def test_datasets_loads_every_form(filled, tmp_path, kind, file_format):
    import datasets

    path = tmp_path / f"export.{file_format}"
    path.write_bytes(take(filled, kind, file_format=file_format))
    options: dict = {}
    if file_format == "jsonl":
        told = json.loads(take(filled, kind, file_format="features"))
        options["features"] = datasets.Features.from_dict(told)
    if file_format == "csv":
        text = datasets.Value("string")
        options["features"] = datasets.Features(dict.fromkeys(KINDS[kind].columns, text))
        options["keep_default_na"] = False
    loaded = datasets.load_dataset(
        {"jsonl": "json"}.get(file_format, file_format),
        data_files=str(path),
        split="train",
        cache_dir=str(tmp_path / "cache"),
        **options,
    )
    assert loaded.num_rows == len(rows_of(filled, kind))
    assert set(loaded["licence"]) == {"CC BY 4.0"}
    if file_format == "jsonl" and "prompt" in loaded.column_names:
        assert loaded["prompt"][:] == [row["prompt"] for row in rows_of(filled, kind)]


@pytest.mark.once
def test_columns_that_are_empty_for_long_load_all_the_same(project, tmp_path):
    """`datasets` reads ten megabytes at a time, and types a column by the first."""
    import datasets

    empty = [{"prompt": f"Q{n} {'x' * 40_000}", "chosen": "A", "rejected": "B"} for n in range(300)]
    late = [{"prompt": "Last", "chosen": "A", "rejected": "B", "strength": 3}]
    import_rows(project=project, stream=lines(*empty, *late), now=NOON)
    path = tmp_path / "export.jsonl"
    path.write_bytes(take(project, "preferences"))
    told = datasets.Features.from_dict(json.loads(take(project, "preferences", file_format="features")))
    loaded = datasets.load_dataset(
        "json", data_files=str(path), split="train", features=told, cache_dir=str(tmp_path / "cache")
    )
    assert loaded["strength"][-1] == 3


# --- back in ---------------------------------------------------------------------------------


def whole(project) -> list[dict]:
    """Everything said, in words that do not depend on row ids."""
    told = []
    for row in rows_of(project, "judgments"):
        names = {one["id"]: str(one["messages"]) for one in row["responses"]}
        told.append(
            {
                "prompt": row["prompt"],
                "tiers": [sorted(names[one] for one in tier) for tier in row["tiers"]],
                "criteria": {
                    name: {names[int(one)]: score for one, score in scores.items()}
                    for name, scores in row["criteria"].items()
                },
                "spans": [{**span, "response": names[span["response"]]} for span in row["spans"]],
                "responses": [
                    (one["generator"], one["by_person"], one["messages"]) for one in row["responses"]
                ],
                "details": row["presentation"].get("details"),
                **{
                    name: row[name]
                    for name in (
                        "worker",
                        "verdict",
                        "strengths",
                        "reasons",
                        "comment",
                        "active_seconds",
                        "arm",
                        "tags",
                        "licence",
                        "source",
                        "split",
                    )
                },
            }
        )
    return told


@pytest.mark.once
@pytest.mark.parametrize("file_format", ["jsonl", "parquet"])
def test_what_went_out_comes_back_the_same(filled, tmp_path, file_format):
    from labeling.services.imports import import_records
    from labeling.services.readers import opened

    path = tmp_path / f"export.{file_format}"
    path.write_bytes(take(filled, "judgments", file_format=file_format))
    other = Project.objects.create(slug="other", name="Other")
    for _ in range(2):  # the second time adds nothing
        with opened(path) as records:
            import_records(project=other, records=records, now=NOON)
    again, first = whole(other), whole(filled)
    assert again == first


@pytest.mark.once
@pytest.mark.parametrize("kind", ["judgments", "comparisons", "preferences"])
def test_read_back_where_it_came_from_nothing_is_new(filled, kind):
    before = (Judgment.objects.count(), Response.objects.count())
    result = import_rows(project=filled, stream=lines(*rows_of(filled, kind)), now=LATER)
    assert result.judgments_created == 0
    assert (Judgment.objects.count(), Response.objects.count()) == before


@pytest.mark.parametrize("kind", [name for name in KINDS if name != "prompts"])
def test_every_kind_can_be_read_back(filled, kind):
    other = Project.objects.create(slug="other", name="Other")
    found = rows_of(filled, kind)
    result = import_rows(project=other, stream=lines(*found), now=NOON)
    assert result.num_errors == 0
    assert set(Prompt.objects.filter(project=other).values_list("licence", flat=True)) == {"CC BY 4.0"}
    if kind == "demonstrations":
        assert Response.objects.filter(prompt__project=other, generator__kind="person").count() == 1
    else:
        assert result.judgments_created >= len({row.get("judgment") for row in found}) > 0


# --- over HTTP ---------------------------------------------------------------------------------


def test_the_form_is_chosen_by_format_or_accept(filled, as_rita):
    url = "/api/projects/support/export/preferences"
    for answer, media, ending in [
        (as_rita.get(url), "application/x-ndjson", "jsonl"),
        (as_rita.get(f"{url}?format=parquet"), "application/vnd.apache.parquet", "parquet"),
        (as_rita.get(url, headers={"Accept": "text/csv"}), "text/csv", "csv"),
        (
            as_rita.get(f"{url}?format=list&style=text&arm=random&arm=gold"),
            "application/vnd.plumbline.list+json",
            "json",
        ),
    ]:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == media
        assert answer.headers["Content-Disposition"] == f'attachment; filename="support-preferences.{ending}"'
        assert b"".join(answer.streaming_content)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("hh?style=messages", "hh come as text"),
        ("argilla?format=parquet", "argilla cannot be written as parquet: use jsonl, list, csv"),
        ("preferences?arm=best&format=csv", "arm"),
    ],
)
def test_what_cannot_be_exported_is_refused_in_json(filled, as_rita, query, words):
    answer = as_rita.get(f"/api/projects/support/export/{query}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/json")
    assert words in answer.json()["message"]
