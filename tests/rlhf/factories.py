"""Labeled projects, and runs driven through the worker's protocol without a process."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from rest_framework.test import APIClient

from labeling.models import Project, Prompt
from labeling.services.imports import import_rows
from rlhf.models import Run
from rlhf.services import runs
from tests.labeling.factories import judge, keys_of, next_of

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SOON = NOON + timedelta(minutes=5)
POLITE, CURT = "Thank you, I will look into it.", "No."


def import_json_lines(project: Project, rows: list[dict[str, Any]], *, now: datetime = NOON) -> None:
    stream = io.BytesIO("\n".join(json.dumps(row) for row in rows).encode())
    import_rows(project=project, stream=stream, now=now)


def add_prompts(project: Project, num: int, *, word: str = "Question") -> None:
    import_json_lines(project, [{"prompt": f"{word} {number}?"} for number in range(num)])


def add_preferences(project: Project, num: int, *, word: str = "Request") -> None:
    """Imported comparisons, spread over the splits by their prompts' hashes."""
    import_json_lines(
        project,
        [
            {"prompt": f"{word} {number}?", "chosen": f"{POLITE} {number}", "rejected": CURT}
            for number in range(num)
        ],
    )


def base_model(folder: Path, name: str = "base-model") -> str:
    """A folder that the registry takes for a model; nothing here loads it."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / "config.json").write_text('{"model_type": "llama"}')
    return str(folder / name)


def rank_everything(project: Project, *people: Any, now: datetime = SOON, limit: int = 1000) -> int:
    """Everyone ranks what they are offered, the longer text first."""
    num = 0
    for person in people:
        while num < limit and (offered := next_of(person, project, now=now)):
            assignment = offered[0]
            judge(person, assignment, tiers=[[key] for key in _longest_first(assignment)], now=now)
            num += 1
    return num


def _longest_first(assignment: Any) -> list[str]:
    from labeling.models import Response

    texts = {
        place["key"]: Response.objects.get(pk=place["response"]).messages[-1]["content"]
        for place in assignment.presented
    }
    return sorted(keys_of(assignment), key=lambda key: (-len(texts[key]), texts[key]))


class Worker:
    """Speaks the protocol for one attempt, as a worker process would."""

    def __init__(self, run: Run, token: str) -> None:
        self.run_id = run.pk
        self.client = APIClient(headers={"Authorization": f"Bearer {token}"})
        self._seq = count(1)

    def assignment(self) -> dict[str, Any]:
        return self.client.get("/api/worker/run").json()

    def event(self, type: str, **fields: Any) -> dict[str, Any]:
        return {"seq": next(self._seq), "at": NOON.isoformat(), "type": type, **fields}

    def send(self, *events: dict[str, Any]) -> Any:
        body = {"first_seq": events[0]["seq"], "events": list(events)}
        return self.client.post("/api/worker/events", body, format="json")

    def metrics(self, step: int, **values: float | None) -> Any:
        return self.send(self.event("metrics", step=step, values=values))

    def put(self, name: str, content: bytes, *, sha256: str | None = None) -> Any:
        return self.client.generic(
            "PUT",
            f"/api/worker/files/{name}",
            content,
            content_type="application/octet-stream",
            headers={"X-SHA256": sha256 or hashlib.sha256(content).hexdigest()},
            CONTENT_LENGTH=str(len(content)),
        )

    def put_rows(self, rows: list[dict[str, Any]]) -> Any:
        return self.put("responses.jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode())

    def finish(self, state: str = "succeeded", **fields: Any) -> Any:
        return self.client.post("/api/worker/finish", {"state": state, **fields}, format="json")

    def finish_training(self, **summary: Any) -> Any:
        self.put("model/config.json", b"{}")
        self.put("model/model.safetensors", b"weights")
        files = ["config.json", "model.safetensors"]
        return self.finish(result={"model_files": files, "summary": summary})


def begin(run: Run | None = None, *, now: datetime = NOON) -> Worker:
    """Claim the oldest queued run (which must be `run`) and greet the server as its worker."""
    claim = runs.claim(executor="local", now=now)
    assert claim is not None
    assert run is None or claim.run.pk == run.pk
    worker = Worker(*claim)
    worker.assignment()
    return worker


def complete(worker: Worker, *, skill: int = 3) -> None:
    """Do what the run asks for and report success. `skill` is how much longer this policy's
    texts are than a baseline's: people here prefer the longer one."""
    told = worker.assignment()
    if told["kind"] == "sample":
        worker.put_rows([_sampled(row, told, skill) for row in _prompts(told)])
        state = worker.finish().json()["state"]
    elif told["kind"] == "evaluate":
        worker.put_rows([row for prompt in _prompts(told) for row in _answers(prompt, told, skill)])
        state = worker.finish().json()["state"]
    else:
        accuracy = {"value": 0.8, "low": 0.7, "high": 0.9, "n": 50, "method": "wilson"}
        state = worker.finish_training(eval_accuracy=accuracy).json()["state"]
    assert state == "succeeded", Run.objects.get(pk=told["id"]).error


def _prompts(told: dict[str, Any]) -> list[int]:
    from rlhf.selectors import snapshots

    return list(snapshots.prompt_ids(snapshot=snapshots.get(snapshot_id=told["snapshot"]["id"])))


def _sampled(prompt_id: int, told: dict[str, Any], skill: int) -> dict[str, Any]:
    texts = [
        f"Run {told['id']}, reply {number}, prompt {prompt_id}" + "!" * (number + skill)
        for number in range(told["spec"]["responses_per_prompt"])
    ]
    return {
        "prompt_id": prompt_id,
        "completions": [{"text": text, "num_tokens": 9, "finish": "stop"} for text in texts],
    }


def _answers(prompt_id: int, told: dict[str, Any], skill: int) -> list[dict[str, Any]]:
    models = [told["models"]["model"], *told["models"]["baselines"]]
    return [
        {
            "prompt_id": prompt_id,
            "model": model["id"],
            "text": f"Reply to {prompt_id}" + "!" * (skill if place == 0 else 0) + "?" * place,
            "finish": "stop",
            "reward": float(skill if place == 0 else 0),
        }
        for place, model in enumerate(models)
    ]


def prompt_splits(project: Project) -> dict[int, str]:
    return dict(Prompt.objects.filter(project=project).values_list("pk", "split"))
