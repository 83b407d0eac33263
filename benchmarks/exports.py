"""What exports cost: a million comparisons to Parquet, and 5,000 judgments with their texts.

    python -m benchmarks.exports [--long] [--comparisons N]

Prints one line of JSON for each figure on each database: SQLite, and PostgreSQL where it is installed.
Memory is the peak of a process that exports, above what the same process used before it began. Rows are
written by bulk SQL.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from benchmarks.figures import say

NUM_COMPARISONS = 1_000_000
NUM_JUDGMENTS = 5_000
WORDS = "The parcel left our house on Monday and is on its way to you, so please allow three days. " * 4
JUDGMENTS_PER_PROMPT = 5
FIGURES = [
    ("peak_above_idle_mib", "memory above idle while comparisons are exported to Parquet", "MiB"),
    ("parquet_seconds", "comparisons exported to Parquet", "s"),
    ("parquet_mib", "size of that file", "MiB"),
    ("judgments_5000_seconds", "judgments with their texts as JSON Lines", "s"),
]


def seed(num_comparisons: int) -> None:
    """Tasks of two responses, judged five times each, in one statement a table."""
    from django.core.management import call_command
    from django.db import connection

    from labeling.models import Annotator, Batch, Generator, Project

    call_command("migrate", verbosity=0)
    project = Project.objects.create(slug="benchmark", name="Benchmark")
    batch = Batch.objects.create(project=project, reference="bench", name="Bench")
    generator = Generator.objects.create(project=project, kind="model", name="m", digest="d")
    annotators = [
        Annotator.objects.create(kind="imported", source="bench", external_id=f"w{number}").pk
        for number in range(JUDGMENTS_PER_PROMPT)
    ]
    num_prompts = -(-num_comparisons // JUDGMENTS_PER_PROMPT)
    is_postgres = connection.vendor == "postgresql"
    series = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {}) "
    if is_postgres:
        series = "WITH s(n) AS (SELECT generate_series(1, {})) "
    cast = "::jsonb" if is_postgres else ""
    now = "now()" if is_postgres else "'2026-03-01 12:00:00'"
    no = "false" if is_postgres else "0"

    def fill(table: str, columns: str, values: str, count: int) -> None:
        with connection.cursor() as cursor:
            select = f"SELECT {values} FROM s"
            if is_postgres:
                cursor.execute(f"{series.format(count)} INSERT INTO {table} ({columns}) {select}")
            else:
                cursor.execute(f"INSERT INTO {table} ({columns}) {series.format(count)} {select}")

    def message(role: str, text: str) -> str:
        words = f'\'[{{"role": "{role}", "content": "\' || {text} || \'"}}]\''
        return f"({words}){cast}"

    text = f"'{WORDS}' || n"
    fill(
        "labeling_prompt",
        "id, project_id, messages, hash, root_hash, split, tags, risk_tags, licence, source, created_at",
        f"n, {project.pk}, {message('user', text)}, 'p' || n, 'p' || n, 'train', '[]'{cast}, '[]'{cast}, "
        f"'CC BY 4.0', 'bench', {now}",
        num_prompts,
    )
    fill(
        "labeling_response",
        "id, prompt_id, generator_id, messages, hash, finish, created_at",
        f"n, (n + 1) / 2, {generator.pk}, {message('assistant', text)}, 'r' || n, 'stop', {now}",
        2 * num_prompts,
    )
    fill(
        "labeling_task",
        "id, project_id, batch_id, prompt_id, kind, arm, priority, overlap, created_at",
        f"n, {project.pk}, {batch.pk}, n, 'rank', 'random', 0, 0, {now}",
        num_prompts,
    )
    fill(
        "labeling_taskresponse",
        "task_id, response_id, position",
        "(n + 1) / 2, n, (n + 1) % 2",
        2 * num_prompts,
    )
    task = f"((n - 1) / {JUDGMENTS_PER_PROMPT} + 1)"
    annotator = f"({annotators[0]} + n % {JUDGMENTS_PER_PROMPT})"
    key = "md5(n::text)::uuid" if is_postgres else "printf('%032x', n)"
    tiers = f"('[[' || (2 * {task} - 1) || '], [' || (2 * {task}) || ']]'){cast}"
    empty = f"'[]'{cast}"
    fill(
        "labeling_judgment",
        "id, project_id, task_id, annotator_id, client_key, tiers, verdict, strengths, criteria, reasons, "
        "comment, spans, presentation, surplus, created_at",
        f"n, {project.pk}, {task}, {annotator}, {key}, {tiers}, 'none', {empty}, '{{}}'{cast}, {empty}, '', "
        f"{empty}, '{{}}'{cast}, {no}, {now}",
        num_comparisons,
    )
    if is_postgres:
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


@contextmanager
def peak_rss() -> Iterator[list[int]]:
    """The most bytes this process held while the block ran."""
    import psutil

    process, peak, stop = psutil.Process(), [0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.02):
            peak[0] = max(peak[0], process.memory_info().rss)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()


def measure() -> dict[str, float]:
    import psutil
    from django.utils import timezone

    from labeling.models import Judgment, Project
    from labeling.selectors.exports import Filters
    from labeling.services.exports import export

    project = Project.objects.get(slug="benchmark")
    # What a process loads once (pyarrow) is not the export's memory: an export of nothing loads it.
    nothing = Filters(until=datetime(2000, 1, 1, tzinfo=UTC))
    b"".join(
        export(
            project=project, kind="comparisons", file_format="parquet", filters=nothing, now=timezone.now()
        ).chunks
    )
    idle = psutil.Process().memory_info().rss
    size, started = 0, time.monotonic()
    with peak_rss() as peak, tempfile.TemporaryFile() as file:
        made = export(project=project, kind="comparisons", file_format="parquet", now=timezone.now())
        for chunk in made.chunks:
            size += len(chunk)
            file.write(chunk)
    seconds = time.monotonic() - started
    return {
        "comparisons": Judgment.objects.filter(project=project).count(),
        "parquet_seconds": round(seconds, 1),
        "parquet_mib": round(size / 2**20, 1),
        "idle_mib": round(idle / 2**20, 1),
        "peak_above_idle_mib": round((peak[0] - idle) / 2**20, 1),
        "judgments_5000_seconds": round(few_judgments(project), 3),
    }


def few_judgments(project: object) -> float:
    """5,000 judgments with their texts as JSON Lines, best of three."""
    from django.utils import timezone

    from labeling.services.exports import export

    best = float("inf")
    for _ in range(3):
        started = time.monotonic()
        made = export(project=project, kind="judgments", now=timezone.now())  # type: ignore[arg-type]
        lines = 0
        for chunk in made.chunks:
            lines += chunk.count(b"\n")
            if lines >= NUM_JUDGMENTS:
                break
        best = min(best, time.monotonic() - started)
    return best


def child(action: str, num_comparisons: int) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "deploy.settings"
    import django

    django.setup()
    if action == "seed":
        started = time.monotonic()
        seed(num_comparisons)
        print(json.dumps({"seed_seconds": round(time.monotonic() - started, 1)}))
    else:
        print(json.dumps(measure()))


def run(database: str, folder: str, num_comparisons: int, environment: dict[str, str]) -> None:
    found: dict[str, float] = {}
    for action in ("seed", "measure"):
        command = [sys.executable, "-m", "benchmarks.exports", "--child", action]
        said = subprocess.run(
            [*command, "--comparisons", str(num_comparisons)],
            env={**os.environ, "PLUMBLINE_VAR": folder, "LOG_LEVEL": "WARNING", **environment},
            check=True,
            stdout=subprocess.PIPE,
        )
        found |= json.loads(said.stdout)
    n = int(found["comparisons"])
    for name, figure, unit in FIGURES:
        say(f"{figure} ({database})", found[name], unit, n=n if name.startswith("p") else NUM_JUDGMENTS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--comparisons", type=int)
    parser.add_argument("--child", choices=["seed", "measure"])
    options = parser.parse_args()
    # A long form would measure the same: memory does not grow with the number.
    num_comparisons = options.comparisons or NUM_COMPARISONS
    if options.child:
        child(options.child, num_comparisons)
        return
    from tests.services import postgres

    with tempfile.TemporaryDirectory(prefix="plumbline-bench-") as folder:
        run("sqlite", folder, num_comparisons, {"DATABASE_URL": ""})
        try:
            with postgres() as url:
                run("postgresql", folder, num_comparisons, {"DATABASE_URL": url})
        except SystemExit as missing:
            print(missing, file=sys.stderr)


if __name__ == "__main__":
    main()
