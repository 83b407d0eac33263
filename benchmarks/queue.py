"""What the next task costs in a queue of a million, against a queue of a thousand.

    python -m benchmarks.queue [--long] [--tasks N] [--claims N]

Prints one line of JSON for each database, person and size. Each person asks for one task, judges it,
and asks again; only the asking is timed, service and SQL together, without HTTP. The sizes take turns, so
that a busy machine slows both. `ratio` is the median against that of a fresh person in the small queue.

- fresh: has judged nothing.
- judged_many: has judged a tenth of the queue, whose second slots are open and come first of all that is
  left. `first` is their first claim after new tasks came, which passes over all of those once.
- opted_out: takes 8 of 40 tags, and the tasks that carry them are the last in line.

PostgreSQL is measured where it is installed, SQLite always.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.figures import say

NUM_TAGS, NUM_TAKEN = 40, 8
OVERLAP = 2
SCENARIOS = ("fresh", "judged_many", "opted_out")
SMALL = 1000


@contextlib.contextmanager
def databases(folder: Path) -> Iterator[dict[str, str]]:
    from tests.services import postgres

    with contextlib.ExitStack() as stack:
        urls = {"sqlite": f"sqlite:///{folder / 'queue.sqlite3'}"}
        try:
            urls["postgresql"] = stack.enter_context(postgres())
        except SystemExit as missing:
            print(f"PostgreSQL is left out: {missing}", file=sys.stderr)
        yield urls


def set_up() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "deploy.settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def seed(slug: str, num_tasks: int, scenario: str) -> tuple[Any, Any]:
    """A project with `num_tasks` tasks and the person of the scenario, by a handful of statements."""
    from django.db import connection
    from django.utils import timezone

    from labeling.core.models import User
    from labeling.models import Annotator, Batch, Lane, Membership, Project, QueueCursor
    from labeling.services.generators import get_or_create_generator
    from labeling.services.prompts import PromptDraft, ResponseText, add_prompts, store_responses

    now = timezone.now()
    project = Project.objects.create(slug=slug, name=slug, overlap=OVERLAP, queue_generation=1)
    user = User.objects.create(email=f"{slug}@example.com", name=slug)
    Membership.objects.create(project=project, user=user, role="annotator")
    annotator = Annotator.objects.create(user=user, kind="person")
    cursor = QueueCursor.objects.create(project=project, annotator=annotator)
    batch = Batch.objects.create(project=project, reference="seed", name="Seed")
    tags = [f"tag-{number:02}" for number in range(NUM_TAGS)]
    drafts = [PromptDraft([{"role": "user", "content": f"About {tag}?"}], tags=[tag]) for tag in tags]
    add_prompts(project=project, rows=drafts, now=now)
    prompts = list(project.prompts.order_by("pk").values_list("pk", flat=True))
    tags = [prompt.tags[0] for prompt in project.prompts.order_by("pk")]
    generator = get_or_create_generator(project=project, kind="model", name="policy")
    for prompt in prompts:
        texts = [
            ResponseText(prompt, generator.pk, [{"role": "assistant", "content": f"Reply {k}."}], f"hash {k}")
            for k in range(2)
        ]
        store_responses(texts=texts, now=now)
    lanes = [Lane.objects.create(project=project, batch=batch, tags=[tag], digest=tag).pk for tag in tags]
    for ids in (prompts, lanes):
        assert ids == list(range(ids[0], ids[0] + NUM_TAGS)), "ids of the seed follow each other"
    names = {
        "project": project.pk,
        "batch": batch.pk,
        "annotator": annotator.pk,
        "prompt": prompts[0],
        "lane": lanes[0],
        "num": num_tasks,
        "tags": NUM_TAGS,
        "judged": num_tasks // 10,
        "now": connection.ops.adapt_datetimefield_value(now),
        # Of the seed's project alone: nothing else is queued here.
        "first_task": last_id("labeling_task") + 1,
    }
    with connection.cursor() as statement:
        for sql in SEED if scenario != "judged_many" else SEED + JUDGED:
            statement.execute(sql.replace("{numbers}", NUMBERS[connection.vendor]), names)
        fix_sequences(statement)
        statement.execute("ANALYZE")
    if scenario == "opted_out":
        cursor.opted_out = tags[:-NUM_TAKEN]
        cursor.save()
    return user, project


NUMBERS = {
    "postgresql": "(SELECT generate_series(0, %(num)s - 1) AS i) numbers",
    "sqlite": """(WITH RECURSIVE up(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM up WHERE i < %(num)s - 1)
                  SELECT i FROM up) numbers""",
}
TAG = "i * %(tags)s / %(num)s"
SEED = [
    f"""INSERT INTO labeling_task
               (id, project_id, batch_id, prompt_id, kind, arm, priority, overlap, created_at)
        SELECT %(first_task)s + i, %(project)s, %(batch)s, %(prompt)s + {TAG}, 'rank', 'random', 0, 2, %(now)s
          FROM {{numbers}}""",
    """INSERT INTO labeling_taskresponse (task_id, response_id, position)
        SELECT t.id, r.id, r.id %% 2
          FROM labeling_task t JOIN labeling_response r ON r.prompt_id = t.prompt_id
         WHERE t.project_id = %(project)s""",
    *(
        f"""INSERT INTO labeling_slot
                   (project_id, task_id, lane_id, slot_no, arm, priority, state, fence, withdrawn)
            SELECT %(project)s, %(first_task)s + i, %(lane)s + {TAG}, {number}, 'random', 0, 'open', 0, FALSE
              FROM {{numbers}}"""
        for number in range(OVERLAP)
    ),
]
JUDGED = [
    # Everyone's first slot is filled, this person's among them.
    """UPDATE labeling_slot SET state = 'done', fence = 1 WHERE project_id = %(project)s AND slot_no = 0""",
    """INSERT INTO labeling_assignment (id, slot_id, task_id, annotator_id, state, fence, presented, terms,
                                        skip_reason, skip_category, draft_revision, leased_at, ended_at)
        SELECT {uuid}, s.id, s.task_id, %(annotator)s, 'submitted', 1, '[]', '{{}}', '', '', 0,
               %(now)s, %(now)s
          FROM labeling_slot s
         WHERE s.project_id = %(project)s AND s.slot_no = 0 AND s.task_id < %(first_task)s + %(judged)s""",
]
UUID = {"postgresql": "gen_random_uuid()", "sqlite": "lower(hex(randomblob(16)))"}


def last_id(table: str) -> int:
    from django.db import connection

    with connection.cursor() as statement:
        statement.execute(f"SELECT COALESCE(MAX(id), 0) FROM {table}")
        return statement.fetchone()[0]


def fix_sequences(statement: Any) -> None:
    from django.core.management.color import no_style
    from django.db import connection

    from labeling.models import Task

    for sql in connection.ops.sequence_reset_sql(no_style(), [Task]):
        statement.execute(sql)


def ask(user: Any, project: Any) -> float:
    """Seconds to be given the next task, which is then judged."""
    import uuid

    from django.utils import timezone

    from labeling.selectors.queue import assignment_of
    from labeling.services import assignments, judgments

    now = timezone.now() + timedelta(seconds=1)
    started = time.perf_counter()
    offers = assignments.next_assignments(user=user, project=project, count=1, now=now)
    seconds = time.perf_counter() - started
    [offer] = offers.assignments
    said = judgments.Said(tiers=[[response.key] for response in offer.responses])
    judgments.submit(
        user=user,
        assignment=assignment_of(user=user, assignment_id=offer.id),
        lease_token=offer.lease_token,
        client_key=uuid.uuid4(),
        said=said,
        now=now,
    )
    return seconds


def measure(num_tasks: int, num_claims: int) -> Iterator[dict[str, Any]]:
    from django.db import connection

    from labeling.selectors.counts import counts
    from labeling.services import counting

    vendor = connection.vendor
    JUDGED[1] = JUDGED[1].replace("{uuid}", UUID[vendor]).replace("{{}}", "{}")
    counting.remove()
    people = {
        (scenario, size): seed(f"{scenario}-{size}".replace("_", "-"), size, scenario)
        for scenario in SCENARIOS
        for size in (SMALL, num_tasks)
    }
    counting.install()
    counting.recount()
    vacuum(vendor)
    first = {key: ask(*person) for key, person in people.items()}
    seconds: dict[tuple[str, int], list[float]] = {key: [] for key in people}
    for _ in range(num_claims):
        for key, person in people.items():
            seconds[key].append(ask(*person))
    medians = {key: statistics.median(values) for key, values in seconds.items()}
    for (scenario, size), median in medians.items():
        ordered = sorted(seconds[scenario, size])
        yield {
            "figure": f"next task ({vendor}, {scenario}, {size:,} tasks)",
            "value": round(median * 1000, 3),
            "unit": "ms",
            "n": num_claims,
            "p95": round(ordered[int(len(ordered) * 0.95)] * 1000, 3),
            "first": round(first[scenario, size] * 1000, 1),
            "peer": f"fresh, {SMALL:,} tasks",
            "peer_value": round(medians["fresh", SMALL] * 1000, 3),
            "ratio": round(median / medians["fresh", SMALL], 3),
            "ratio_to_same_person": round(median / medians[scenario, SMALL], 3),
        }
    for size in (SMALL, num_tasks):
        project = people["fresh", size][1]
        times = []
        for _ in range(50):
            started = time.perf_counter()
            counts(project_id=project.pk)
            times.append(time.perf_counter() - started)
        yield {
            "figure": f"counts of a page ({vendor}, {size:,} tasks)",
            "value": round(statistics.median(times) * 1000, 3),
            "unit": "ms",
            "n": len(times),
        }


def vacuum(vendor: str) -> None:
    """As autovacuum would have, long before a million tasks were judged."""
    from django.db import connection

    if vendor == "postgresql":
        with connection.cursor() as statement:
            statement.execute("VACUUM ANALYZE")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--tasks", type=int)
    parser.add_argument("--claims", type=int)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    num_tasks = options.tasks or (1_000_000 if options.long else 100_000)
    num_claims = options.claims or 150
    if options.here:
        set_up()
        for row in measure(num_tasks, num_claims):
            say(**row)
        return
    with tempfile.TemporaryDirectory(prefix="plumbline-queue-") as folder, databases(Path(folder)) as urls:
        for url in urls.values():
            command = [sys.executable, "-m", "benchmarks.queue", "--here"]
            subprocess.run(
                [*command, f"--tasks={num_tasks}", f"--claims={num_claims}"],
                check=True,
                env={**os.environ, "DATABASE_URL": url, "PLUMBLINE_VAR": folder},
            )


if __name__ == "__main__":
    main()
