"""Requests, retries and errors; `client.py` gives them names."""

from __future__ import annotations

import hashlib
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import httpx

CHUNK_BYTES = 1 << 20
TOO_MANY = 429
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# The server, or the proxy before it, is restarting; the request was not carried out.
TRANSIENT_STATUSES = frozenset({502, 503, 504})
IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "PUT", "DELETE"})
UNSAFE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class ApiError(Exception):
    """What went wrong, in the server's words. `status` is 0 when no server answered; `retry_after`
    is how many seconds the server asked to wait, where it did."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        fields: dict[str, Any] | None = None,
        *,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(status, code, message, fields or {})
        self.retry_after = retry_after
        self.status = status
        self.code = code
        self.message = message
        self.fields = fields or {}

    @property
    def is_unreachable(self) -> bool:
        """Asking again later may help: no server answered, or it was restarting."""
        return self.status == 0 or self.status in TRANSIENT_STATUSES

    def __str__(self) -> str:
        details = "; ".join(_field_lines(self.fields))
        return f"{self.message} ({details})" if details else self.message


def _field_lines(fields: dict[str, Any]) -> Iterator[str]:
    for name, value in fields.items():
        if name == "errors" and isinstance(value, list):
            for row in value[:5]:
                if isinstance(row, dict) and "message" in row:
                    yield f"line {row.get('line', '?')}: {row['message']}"
        elif isinstance(value, list):
            yield f"{name}: {' '.join(str(part) for part in value)}"
        else:
            yield f"{name}: {value}"


class Http:
    """One connection pool, one identity.

    Requests that may safely arrive twice (GET, PUT, DELETE, and whatever the caller marks
    `idempotent`) are repeated with backoff for `retry_seconds` while the server cannot be
    reached. Any other request is repeated only if it never left this machine.

    Whoever is too fast (status 429) waits as long as the server says in Retry-After and asks again,
    whatever the request: it was not carried out. A request that would wait longer than
    `max_wait_seconds` altogether raises the server's refusal at once.
    """

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
        self.base_url = base_url.rstrip("/")
        self.retry_seconds = retry_seconds
        self.max_wait_seconds = max_wait_seconds
        headers = {"Accept": "application/json", "User-Agent": "plumbline"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        # A proxy from the environment serves the world outside, not this machine.
        is_local = httpx.URL(self.base_url).host in LOOPBACK
        self._httpx = httpx.Client(
            base_url=self.base_url,
            headers=headers,
            timeout=timeout,
            transport=transport,
            trust_env=not is_local,
        )

    def close(self) -> None:
        self._httpx.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: dict[str, Any] | None = None,
        content: BinaryIO | bytes | None = None,
        headers: dict[str, str] | None = None,
        timeout: float | None = None,
        idempotent: bool | None = None,
        retry_seconds: float | None = None,
    ) -> Any:
        """The parsed JSON of the answer; None for 204. Raises ApiError for everything else."""
        extra: dict[str, Any] = {} if timeout is None else {"timeout": timeout}
        if json is not None:
            extra["json"] = json

        def send() -> httpx.Response:
            if content is not None:
                if not isinstance(content, bytes):
                    content.seek(0)  # a retry sends it again from the start
                extra["content"] = content
            all_headers = {**self._csrf_headers(method), **(headers or {})}
            response = self._httpx.request(
                method, path, params=_without_none(params), headers=all_headers, **extra
            )
            _raise_for_error(response)
            return response

        if idempotent is None:
            idempotent = method in IDEMPOTENT_METHODS
        response = self._with_retries(send, idempotent=idempotent, retry_seconds=retry_seconds)
        if response.status_code == 204 or not response.content:
            return None
        return _parse(response)

    def download(
        self,
        path: str,
        destination: Path,
        *,
        sha256: str | None = None,
        retry_seconds: float | None = None,
    ) -> None:
        """Stream a file to `destination`, whole or not at all; checks `sha256` when given."""
        destination.parent.mkdir(parents=True, exist_ok=True)
        partial = destination.with_name(f"{destination.name}.{os.getpid()}.partial")

        def fetch() -> None:
            digest = hashlib.sha256()
            with self._httpx.stream("GET", path, timeout=120) as response, partial.open("wb") as file:
                if response.status_code >= 400:
                    response.read()
                    _raise_for_error(response)
                for chunk in response.iter_bytes(CHUNK_BYTES):
                    digest.update(chunk)
                    file.write(chunk)
            if sha256 and digest.hexdigest() != sha256:
                raise ApiError(0, "corrupt_download", f"{path} arrived damaged: its SHA-256 does not match.")

        try:
            self._with_retries(fetch, idempotent=True, retry_seconds=retry_seconds)
            partial.replace(destination)
        finally:
            partial.unlink(missing_ok=True)

    def upload(self, path: str, source: Path, *, retry_seconds: float | None = None) -> Any:
        """PUT a file with its SHA-256, which the server compares with what arrived."""
        with source.open("rb") as file:
            return self.request(
                "PUT",
                path,
                content=file,
                headers={"Content-Type": "application/octet-stream", "X-SHA256": sha256_of(source)},
                timeout=600,
                retry_seconds=retry_seconds,
            )

    def lines(self, path: str, **params: Any) -> Iterator[str]:
        """Stream a text answer line by line (exports)."""
        try:
            with self._httpx.stream("GET", path, params=_without_none(params), timeout=120) as response:
                if response.status_code >= 400:
                    response.read()
                    _raise_for_error(response)
                yield from response.iter_lines()
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    def _with_retries(self, send: Any, *, idempotent: bool, retry_seconds: float | None = None) -> Any:
        budget = self.retry_seconds if retry_seconds is None else retry_seconds
        give_up_at = time.monotonic() + budget
        may_wait = self.max_wait_seconds
        delay = 0.1
        while True:
            try:
                return send()
            except httpx.ConnectError as error:  # nothing was sent: any request may be repeated
                failure = self._unreachable(error)
            except httpx.TransportError as error:
                failure = self._unreachable(error)
                if not idempotent:
                    raise failure from error
            except ApiError as error:
                if error.status == TOO_MANY and error.retry_after is not None:
                    may_wait -= error.retry_after
                    if may_wait < 0:
                        raise
                    time.sleep(error.retry_after)
                    give_up_at += error.retry_after
                    continue
                if not (error.is_unreachable and idempotent):
                    raise
                failure = error
            if time.monotonic() + delay > give_up_at:
                raise failure
            time.sleep(delay * random.uniform(0.5, 1.0))
            delay = min(delay * 2, 2.0)

    def _unreachable(self, error: httpx.TransportError) -> ApiError:
        reason = str(error).rstrip(".") or type(error).__name__
        return ApiError(
            0,
            "unreachable",
            f"The server at {self.base_url} did not answer ({reason}). "
            "Check the address and that it is running.",
        )

    def _csrf_headers(self, method: str) -> dict[str, str]:
        csrf = self._httpx.cookies.get("csrftoken")
        if csrf is None or method not in UNSAFE_METHODS:
            return {}
        return {"X-CSRFToken": csrf, "Referer": self.base_url + "/"}


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _without_none(params: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if params is None else {name: value for name, value in params.items() if value is not None}


def _parse(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise ApiError(
            response.status_code,
            "not_json",
            f"{response.request.url} did not answer with JSON. Is this the address of a Plumbline server?",
        ) from error


def _raise_for_error(response: httpx.Response) -> None:
    if response.status_code < 400:
        return
    try:
        body = response.json()
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    raise ApiError(
        response.status_code,
        str(body.get("code") or f"http_{response.status_code}"),
        str(
            body.get("message")
            or f"{response.request.method} {response.request.url.path} failed "
            f"with status {response.status_code}."
        ),
        body.get("fields") or {},
        retry_after=_wait_of(response),
    )


def _wait_of(response: httpx.Response) -> float | None:
    """Retry-After in whole seconds, as our server sends it; never none at all, which would spin."""
    said = response.headers.get("Retry-After", "")
    return max(float(said), 0.5) if said.isascii() and said.isdecimal() else None
