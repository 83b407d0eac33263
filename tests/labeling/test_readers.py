"""The same rows in every kind of file."""

from __future__ import annotations

import csv
import gzip
import json
import zipfile

import pytest

from labeling.core.errors import DomainError
from labeling.services.readers import opened

pytestmark = pytest.mark.once
ROWS = [
    {
        "prompt": [{"role": "user", "content": "One,\n“two”"}],
        "chosen": "Yes",
        "rejected": "No",
        "strength": 2,
    },
    {"prompt": [{"role": "user", "content": "Three"}], "chosen": "A", "rejected": "B"},
]


def read(path, **options):
    with opened(path, **options) as records:
        return [record.value for record in records]


def write_csv(path, delimiter):
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, ["prompt", "chosen", "rejected", "strength"], delimiter=delimiter)
        writer.writeheader()
        writer.writerows({**row, "prompt": json.dumps(row["prompt"])} for row in ROWS)


def write_parquet(path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(ROWS), path)


def as_lines():
    return "\n".join(map(json.dumps, ROWS)).encode()


@pytest.fixture(
    params=["jsonl", "json", "json lines", "csv", "tsv", "parquet", "gz", "zip", "folder", "saved", "splits"]
)
def packed(request, tmp_path):
    kind = request.param
    path = tmp_path / {"json lines": "rows.json", "gz": "rows.jsonl.gz"}.get(kind, f"rows.{kind}")
    if kind == "json":
        path.write_text(json.dumps(ROWS))
    elif kind in ("jsonl", "json lines"):
        path.write_bytes(as_lines())
    elif kind in ("csv", "tsv"):
        write_csv(path, "\t" if kind == "tsv" else ",")
    elif kind == "parquet":
        write_parquet(path)
    elif kind == "gz":
        path.write_bytes(gzip.compress(as_lines()))
    elif kind == "zip":
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("data/train.jsonl", as_lines())
    elif kind == "folder":
        path.mkdir()
        write_parquet(path / "train-00000-of-00001.parquet")
        (path / "README.md").write_text("Not rows.")
    else:
        from datasets import Dataset, DatasetDict

        rows = Dataset.from_list(ROWS)
        (rows if kind == "saved" else DatasetDict({"train": rows})).save_to_disk(path)
    return path


def test_every_kind_of_file_gives_the_same_rows(packed):
    assert read(packed) == ROWS


def test_numbers_go_on_through_the_files_of_a_folder(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.jsonl").write_bytes(as_lines())
    with opened(tmp_path) as records:
        assert [record.number for record in records] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("rows.txt", b"x", "no file that can be imported"),
        ("rows.jsonl.gz", gzip.compress(b"{}" * 1000)[:-9], "not a whole gzip file"),
        ("rows.zip", b"PK", "not a whole zip file"),
        ("rows.parquet", b"PAR1", "no whole Parquet file"),
        ("rows.arrow", b"x" * 64, "no whole Arrow file"),
        ("rows.json", b"[1, ", "The file is not JSON"),
        ("rows.csv", b'prompt,chosen\n"a,b\n', "check its quotes"),
        ("rows.csv", b"prompt\ncaf\xe9\n", "not valid UTF-8"),
    ],
)
def test_a_file_that_is_none_says_so(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DomainError) as caught:
        read(path)
    assert words in caught.value.message


def test_a_row_with_too_many_cells_is_that_rows_problem(tmp_path):
    (tmp_path / "rows.csv").write_text("prompt,tag\nHi,a\nHo,b,c\n")
    with opened(tmp_path / "rows.csv") as records:
        assert [bool(record.problem) for record in records] == [False, True]


def test_an_archive_writes_nowhere_else(tmp_path):
    with zipfile.ZipFile(tmp_path / "rows.zip", "w") as file:
        file.writestr("../../escaped.jsonl", as_lines())
    assert read(tmp_path / "rows.zip") == ROWS
    assert not (tmp_path.parent / "escaped.jsonl").exists()
