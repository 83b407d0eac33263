"""The worker's side of the protocol: what a run token may ask, and how long to keep asking."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from rlhf.client.http import ApiError, Http

EXIT_FINISHED, EXIT_TOKEN_DEAD, EXIT_UNREACHABLE, EXIT_RANK_LOST = 0, 3, 4, 5
START_SECONDS = 60.0
DOWNLOAD_SECONDS = 300.0
# An answer of 500 is likelier a fault that stays than an outage that passes.
MAX_SERVER_FAULTS = 20
MAX_START_FAULTS = 4

T = TypeVar("T")
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Settings:
    url: str
    token: str
    workdir: Path
    cache: Path  # of this machine: models, snapshots and reference log-probabilities for runs to come

    @classmethod
    def from_environment(cls) -> Settings:
        values = {}
        for name in ("PLUMBLINE_URL", "PLUMBLINE_RUN_TOKEN", "PLUMBLINE_WORKDIR"):
            if not os.environ.get(name):
                raise SystemExit(f"rlhf.worker: set {name}. Workers are usually started by the dispatcher.")
            values[name] = os.environ[name]
        workdir = Path(values["PLUMBLINE_WORKDIR"])
        cache = Path(os.environ.get("PLUMBLINE_CACHE") or workdir / "cache")
        return cls(values["PLUMBLINE_URL"], values["PLUMBLINE_RUN_TOKEN"], workdir, cache)


class RunApi:
    """Calls made with the run token. The token dies when another attempt takes over or the run is
    over; whatever this process still does is then unwanted, so it ends on the spot."""

    def __init__(self, settings: Settings) -> None:
        self._http = Http(settings.url, token=settings.token, timeout=30, retry_seconds=0)
        self._finishing = False

    def fetch_run(self) -> Json:
        return self._again(lambda: self._http.request("GET", "/api/worker/run", retry_seconds=START_SECONDS))

    def send_events(self, first_seq: int, events: Sequence[Json]) -> Json:
        body = {"first_seq": first_seq, "events": list(events)}
        return self._call(lambda: self._http.request("POST", "/api/worker/events", json=body))

    def heartbeat(self) -> Json:
        return self._call(lambda: self._http.request("POST", "/api/worker/heartbeat", json={}))

    def finish(self, body: Json) -> None:
        """Accepted, it ends the token: a heartbeat that crosses it is refused, and that is no death."""
        self._finishing = True
        self._persist(lambda: self._http.request("POST", "/api/worker/finish", json=body))

    def download(self, path: str, destination: Path, *, sha256: str) -> None:
        self._again(
            lambda: self._http.download(path, destination, sha256=sha256, retry_seconds=DOWNLOAD_SECONDS)
        )

    def upload(self, name: str, source: Path) -> None:
        self._persist(lambda: self._http.upload(f"/api/worker/files/{name}", source))

    def _call(self, request: Callable[[], T]) -> T:
        try:
            return request()
        except ApiError as error:
            if error.status == 401 and not self._finishing:
                die_with_the_token()
            raise

    def _again(self, request: Callable[[], T]) -> T:
        """Ask anew after an internal error of the server: a few times, as it may not pass."""
        for fault in range(MAX_START_FAULTS):
            try:
                return self._call(request)
            except ApiError as error:
                if error.status != 500:
                    raise
            time.sleep(0.2 * 2**fault)
        return self._call(request)

    def _persist(self, request: Callable[[], T]) -> T:
        """Until the server is back: the work is done, and only telling it is left."""
        delay, faults = 0.2, 0
        while True:
            try:
                return self._call(request)
            except ApiError as error:
                faults += error.status == 500
                if not error.is_unreachable and (error.status != 500 or faults > MAX_SERVER_FAULTS):
                    raise
            time.sleep(delay)
            delay = min(delay * 2, 10.0)


def die_with_the_token() -> None:
    """From any thread, at once: unwinding could take as long as a training step."""
    print("The run token is no longer valid: another attempt has taken over.", file=sys.stderr, flush=True)
    os._exit(EXIT_TOKEN_DEAD)
