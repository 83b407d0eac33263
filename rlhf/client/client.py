"""The API's verbs by name. Everything else is one `get` or `post` away."""

from __future__ import annotations

import gzip
import json
import shutil
import tempfile
import time
import uuid
import zipfile
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
        max_wait_seconds: float = 90.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.http = Http(
            base_url,
            token=token,
            timeout=timeout,
            retry_seconds=retry_seconds,
            max_wait_seconds=max_wait_seconds,
            transport=transport,
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
        **options: str,
    ) -> Json:
        """Import rows, or a JSON Lines file (`.gz` too), all or nothing. The same content again adds
        nothing. `options`: licence, source, row_format, aspect."""
        query = _import_query(dry_run, skip_bad_rows, options)
        path = f"/api/projects/{slug}/imports" + (f"?{query}" if query else "")
        with _as_file(rows) as file:
            return self.http.request(
                "POST",
                path,
                content=file,
                headers={"Content-Type": "application/x-ndjson"},
                timeout=IMPORT_TIMEOUT_SECONDS,
                idempotent=True,
            )

    def upload_import(
        self,
        slug: str,
        path: str | Path,
        *,
        texts: str | Path | None = None,
        dry_run: bool = False,
        skip_bad_rows: bool = False,
        **options: str,
    ) -> Json:
        """Upload any file or folder that can be imported; the server imports it in the background.
        Returns the job. `texts`: a second file, which says what the ids in the first stand for."""
        path = Path(path)
        name = f"{path.name}.zip" if path.is_dir() else path.name
        given = {"filename": name, **options} | ({"waits_for_texts": "1"} if texts else {})
        jobs = f"/api/projects/{slug}/import-jobs"
        with _packed(path) as file:
            job = self._upload("POST", f"{jobs}?{_import_query(dry_run, skip_bad_rows, given)}", file)
        if texts:
            address = f"{jobs}/{job['id']}/texts?{urlencode({'filename': Path(texts).name})}"
            with _packed(Path(texts)) as file:
                job = self._upload("PUT", address, file)
        return job

    def wait_for_import(self, slug: str, job_id: int, *, poll_seconds: float = 0.5) -> Iterator[Json]:
        """The job each time it is looked at, the last time when it has ended."""
        while True:
            job = self.get(f"/api/projects/{slug}/import-jobs/{job_id}")
            yield job
            if job["state"] in FINISHED_RUN_STATES:
                return
            time.sleep(poll_seconds)

    def _upload(self, method: str, path: str, file: BinaryIO) -> Json:
        headers = {"Content-Type": "application/octet-stream"}
        return self.http.request(method, path, content=file, headers=headers, timeout=IMPORT_TIMEOUT_SECONDS)

    def export(self, slug: str, what: str = "comparisons", **filters: Any) -> Iterator[Json]:
        """An export, row by row. `filters`: style, arm, split, tag, annotator, since, until, adjudicated."""
        for line in self.http.lines(f"/api/projects/{slug}/export/{what}", **filters):
            if line:
                yield json.loads(line)

    def download_export(
        self, slug: str, what: str, destination: Path, *, file_format: str = "jsonl", **filters: Any
    ) -> None:
        """An export as a file, whole or not at all: jsonl, list, csv or parquet."""
        query = urlencode({"format": file_format, **_without_empty(filters)}, doseq=True)
        self.http.download(f"/api/projects/{slug}/export/{what}?{query}", destination)

    def webhooks(self, slug: str) -> Iterator[Json]:
        return self.all(f"/api/projects/{slug}/webhooks")

    def add_webhook(self, slug: str, url: str, events: Sequence[str]) -> Json:
        """The new webhook with its secret, which is shown this once."""
        return self.post(f"/api/projects/{slug}/webhooks", {"url": url, "events": list(events)})

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


def _without_empty(filters: Json) -> Json:
    return {name: value for name, value in filters.items() if value not in (None, "", [])}


def _import_query(dry_run: bool, skip_bad_rows: bool, options: dict[str, str]) -> str:
    flags = {"dry_run": dry_run, "skip_bad_rows": skip_bad_rows}
    return urlencode({**{name: "1" for name, on in flags.items() if on}, **_without_empty(options)})


def _packed(path: Path) -> BinaryIO:
    """The file as it is; a folder as a zip."""
    try:
        if not path.is_dir():
            return path.open("rb")
        packed: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(path.rglob("*")):
                if file.is_file():
                    archive.write(file, file.relative_to(path))
        packed.flush()
        return packed
    except OSError as error:
        raise ApiError(0, "unreadable_file", f"Cannot read {path}: {error.strerror or error}.") from error


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
