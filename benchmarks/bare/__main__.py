"""The bare server's database: `prepare TASKS PEOPLE` prints the tokens, `stored` what it holds."""

from __future__ import annotations

import json
import os
import sys

import django

from benchmarks.load.texts import texts_of


def prepare(num_tasks: int, num_people: int) -> list[str]:
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from rest_framework.authtoken.models import Token

    from benchmarks.bare.models import Slot

    call_command("migrate", verbosity=0)  # accounts first: our tables point at them
    call_command("migrate", run_syncdb=True, verbosity=0)
    people = [User.objects.create(username=f"annotator{number}") for number in range(num_people)]
    slots = []
    for number in range(num_tasks):
        prompt, *responses = texts_of(number)
        slots.append(Slot(shown={"prompt": prompt, "responses": responses}))
    Slot.objects.bulk_create(slots, batch_size=1000)
    return [Token.objects.create(user=person).key for person in people]


def stored() -> list[list[object]]:
    from benchmarks.bare.models import Judgment

    rows = Judgment.objects.order_by("id").values_list("client_key", "id", "slot__shown")
    return [[str(key), pk, shown["prompt"]] for key, pk, shown in rows]


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.bare.settings"
    django.setup()
    answer = prepare(*map(int, sys.argv[2:])) if sys.argv[1] == "prepare" else stored()
    json.dump(answer, sys.stdout)
