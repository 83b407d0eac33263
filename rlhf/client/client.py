"""The API's verbs by name. Everything else is one `get` or `post` away."""

from __future__ import annotations

import gzip
import json
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Self
from urllib.parse import urlencode

import httpx

from rlhf.client.http import ApiError, Http

FINISHED_RUN_STATES = frozenset({"succeeded", "failed", "cancelled"})
FINISHED_ROUND_STATES = FINISHED_RUN_STATES
IMPORT_TIMEOUT_SECONDS = 3600.0

Json = dict[str, Any]


class Client:
    """Signed in by an API token, or by `login` like a browser. Not for several threads at once."""

    def __init__(
        self,
        base_url: str,
        *,
        token: str | None = None,
        timeout: float = 30.0,
        retry_seconds: float = 15.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.http = Http(
            base_url, token=token, timeout=timeout, retry_seconds=retry_seconds, transport=transport
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        self.http.close()

    @property
    def base_url(self) -> str:
        return self.http.base_url

    def login(self, email: str, password: str) -> Self:
        self.get("/api/session")  # sets the CSRF cookie
        self.post("/api/session", {"email": email, "password": password})
        return self

    def get(self, path: str, **params: Any) -> Any:
        return self.http.request("GET", path, params=params)

    def post(self, path: str, json: Any = None, *, idempotent: bool = False) -> Any:
        return self.http.request("POST", path, json={} if json is None else json, idempotent=idempotent)

    def patch(self, path: str, json: Any) -> Any:
        return self.http.request("PATCH", path, json=json)

    def put(self, path: str, json: Any) -> Any:
        return self.http.request("PUT", path, json=json)

    def delete(self, path: str) -> Any:
        return self.http.request("DELETE", path)

    def all(self, path: str, **params: Any) -> Iterator[Json]:
        """Every row of a list, page after page."""
        cursor = None
        while True:
            page = self.get(path, **params, cursor=cursor)
            yield from page["results"]
            cursor = page.get("next")
            if not cursor:
                return

    # Labeling

    def next_assignments(self, slug: str, count: int = 1, exclude: Sequence[str] = ()) -> list[Json]:
        """Lease tasks. Asking twice returns the same live leases, so a lost answer costs nothing."""
        body = {"count": count, "exclude": list(exclude)}
        answer = self.post(f"/api/projects/{slug}/assignments/next", body, idempotent=True)
        return answer["assignments"]

    def submit(
        self,
        assignment_id: str,
        *,
        lease_token: int,
        tiers: Sequence[Sequence[str]],
        client_key: str | None = None,
        verdict: str = "none",
        strengths: Sequence[int] = (),
        active_seconds: float | None = None,
        **more: Any,
    ) -> Json:
        """Store a judgment. Repeated under its `client_key` until the server acknowledges it."""
        body = {
            "lease_token": lease_token,
            "client_key": client_key or str(uuid.uuid4()),
            "tiers": [list(tier) for tier in tiers],
            "verdict": verdict,
            "strengths": list(strengths),
            **more,
        }
        if active_seconds is not None:
            body["active_seconds"] = active_seconds
        return self.post(f"/api/assignments/{assignment_id}/submit", body, idempotent=True)

    def skip(self, assignment_id: str, *, lease_token: int, reason: str) -> None:
        self.post(f"/api/assignments/{assignment_id}/skip", {"lease_token": lease_token, "reason": reason})

    def import_rows(
        self,
        slug: str,
        rows: Iterable[Json] | str | Path,
        *,
        dry_run: bool = False,
        skip_bad_rows: bool = False,
    ) -> Json:
        """Import rows, or a JSON Lines file (`.gz` too). The same content again adds nothing."""
        query = {"dry_run": "1"} if dry_run else {}
        if skip_bad_rows:
            query["skip_bad_rows"] = "1"
        path = f"/api/projects/{slug}/imports" + (f"?{urlencode(query)}" if query else "")
        with _as_file(rows) as file:
            return self.http.request(
                "POST",
                path,
                content=file,
                headers={"Content-Type": "application/x-ndjson"},
                timeout=IMPORT_TIMEOUT_SECONDS,
                idempotent=True,
            )

    def export(self, slug: str, what: str = "comparisons") -> Iterator[Json]:
        """`comparisons` or `judgments`, row by row."""
        for line in self.http.lines(f"/api/projects/{slug}/export/{what}"):
            if line:
                yield json.loads(line)

    # RLHF

    def snapshot(self, slug: str, *, kind: str, **filters: Any) -> Json:
        """Freeze data. The same labels give the same snapshot, so asking twice is safe."""
        return self.post(f"/api/projects/{slug}/snapshots", {"kind": kind, **filters}, idempotent=True)

    def launch_run(self, slug: str, spec: Json) -> Json:
        return self.post(f"/api/projects/{slug}/runs", spec)

    def run(self, run_id: int) -> Json:
        return self.get(f"/api/runs/{run_id}")

    def cancel_run(self, run_id: int) -> Json:
        return self.post(f"/api/runs/{run_id}/cancel", idempotent=True)

    def metrics(self, run_id: int, after_id: int = 0) -> list[Json]:
        return self.get(f"/api/runs/{run_id}/metrics", after_id=after_id)["points"]

    def logs(self, run_id: int, after_id: int = 0) -> list[Json]:
        return self.get(f"/api/runs/{run_id}/logs", after_id=after_id)["lines"]

    def wait_for_run(self, run_id: int, timeout: float = 3600.0, poll_seconds: float = 1.0) -> Json:
        """The run once it has finished, whatever its state. Raises TimeoutError."""
        give_up_at = time.monotonic() + timeout
        while True:
            run = self.run(run_id)
            if run["state"] in FINISHED_RUN_STATES:
                return run
            if time.monotonic() > give_up_at:
                raise TimeoutError(f"Run {run_id} is still {run['state']} after {timeout:.0f} seconds.")
            time.sleep(poll_seconds)

    def launch_round(self, slug: str, spec: Json) -> Json:
        return self.post(f"/api/projects/{slug}/rounds", spec)

    def round(self, round_id: int) -> Json:
        return self.get(f"/api/rounds/{round_id}")


def _as_file(rows: Iterable[Json] | str | Path) -> BinaryIO:
    """A seekable file of JSON Lines: its length must be known, since WSGI servers refuse or
    drop bodies without one, and it must be readable twice for a retry."""
    if isinstance(rows, (str, Path)):
        path = Path(rows)
        try:
            if path.suffix != ".gz":
                return path.open("rb")
            unpacked: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115
            with gzip.open(path, "rb") as packed:
                shutil.copyfileobj(packed, unpacked)
            unpacked.flush()
        except OSError as error:
            raise ApiError(0, "unreadable_file", f"Cannot read {path}: {error.strerror or error}.") from error
        return unpacked
    file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115
    for row in rows:
        file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    file.flush()  # httpx asks the descriptor for the length
    return file
