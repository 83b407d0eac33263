"""The product's database: `prepare TASKS PEOPLE` prints the tokens, `stored` what it holds, and
`statements` what one pair costs in SQL."""

from __future__ import annotations

import io
import json
import os
import re
import sys
import uuid

import django

from benchmarks.load.texts import texts_of

SLUG = "benchmark"
CONTROL = re.compile(r"BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE", re.IGNORECASE)


def prepare(num_tasks: int, num_people: int) -> list[str]:
    from django.contrib.auth.hashers import make_password
    from django.core.management import call_command
    from django.utils import timezone

    from labeling.core.models import User
    from labeling.core.services.tokens import create_token
    from labeling.models import GuidelineVersion, Membership, Project

    call_command("migrate", verbosity=0)
    now = timezone.now()
    project = Project.objects.create(slug=SLUG, name="Benchmark")
    GuidelineVersion.objects.create(project=project, number=1, text="Prefer the reply that helps.")
    add_tasks(project, range(num_tasks))
    password = make_password("a horse that counts to nine")  # once: hashing a hundred would take a minute
    tokens = []
    for number in range(num_people):
        email = f"annotator{number}@example.com"
        person = User.objects.create(email=email, name=f"Annotator {number}", password=password)
        Membership.objects.create(project=project, user=person, role="annotator")
        tokens.append(create_token(user=person, name="benchmark", now=now)[1])
    return tokens


def add_tasks(project, numbers) -> None:
    from django.utils import timezone

    from labeling.services.imports import import_rows

    lines = []
    for number in numbers:
        prompt, *responses = texts_of(number)
        lines.append(json.dumps({"prompt": prompt, "responses": responses}))
    import_rows(project=project, stream=io.BytesIO("\n".join(lines).encode()), now=timezone.now())


def stored() -> list[list[object]]:
    """Each judgment with its key and its task's prompt; the rows that hang on it are counted here."""
    from labeling.models import Comparison, Judgment, Slot

    rows = Judgment.objects.order_by("id").values_list("client_key", "id", "task__prompt__messages")
    judgments = [[str(key), pk, messages[0]["content"]] for key, pk, messages in rows]
    assert Comparison.objects.count() == len(judgments), "one comparison for each judgment of a pair"
    assert Slot.objects.filter(state="done").count() == len(judgments), "one filled slot for each judgment"
    return judgments


def statements() -> dict[str, int]:
    """Of one "next" and one "submit" with a token; transaction control is counted apart."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone
    from rest_framework.test import APIClient

    from labeling.core.models import User
    from labeling.core.services.tokens import create_token
    from labeling.models import Project

    add_tasks(Project.objects.get(), range(10**9, 10**9 + 3))
    person = User.objects.get(email="annotator0@example.com")
    _, secret = create_token(user=person, name="statements", now=timezone.now())
    client = APIClient(headers={"host": "localhost", "authorization": f"Bearer {secret}"})
    for _ in range(2):  # the first pair writes down when the token was used
        with CaptureQueriesContext(connection) as captured:
            offers = client.post(f"/api/projects/{SLUG}/assignments/next", {}, format="json").json()
            [offer] = offers["assignments"]
            said = {
                "lease_token": offer["lease_token"],
                "client_key": str(uuid.uuid4()),
                "tiers": [[response["key"]] for response in offer["responses"]],
                "strengths": [2],
            }
            answer = client.post(f"/api/assignments/{offer['id']}/submit", said, format="json")
            assert answer.status_code == 201, answer.content
    control = sum(bool(CONTROL.match(query["sql"])) for query in captured)
    return {"statements": len(captured) - control, "control": control}


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "deploy.settings"
    django.setup()
    match sys.argv[1:]:
        case ["prepare", num_tasks, num_people]:
            answer: object = prepare(int(num_tasks), int(num_people))
        case ["stored"]:
            answer = stored()
        case _:
            answer = statements()
    json.dump(answer, sys.stdout)
