"""Services that a run asks over HTTP: some score completions, others complete prompts.

What a spec names may not lead into the house (addresses.py), proxies of the environment are not used, and
redirects are not followed.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from rlhf.training import addresses
from rlhf.training.errors import TrainingError

RETRY_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 60.0
SHOWN = 200  # characters of what a service says went wrong


class Service:
    """One address that takes JSON by POST; `name` is what sentences about it begin with. Threads may share
    it."""

    def __init__(
        self,
        name: str,
        url: str,
        *,
        timeout_seconds: float,
        retries: int,
        headers: Mapping[str, str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = f"{name} {url}"
        self._url = url
        self._retries = retries
        self._headers = dict(headers or {})
        self._sleep = sleep
        with contextlib.suppress(OSError):  # asked again at each request
            addresses.resolve(self.name, url)
        # No proxy of the environment: it would ask for us what we may not ask.
        self._client = httpx.Client(timeout=timeout_seconds, trust_env=False)

    def post(self, body: Any, *, wanted: str) -> httpx.Response:
        """What may pass (no connection, a timeout, 429, 5xx) is tried again, with growing pauses or as long
        as the service asks for. TrainingError, that it gave no `wanted`, after the last of them and at once
        for what will not pass: another status, an address that no worker may ask."""
        reason = ""
        pause = RETRY_SECONDS
        for attempt in range(self._retries + 1):
            if attempt:
                self._sleep(min(pause, LONGEST_PAUSE_SECONDS))
                pause = RETRY_SECONDS * 2**attempt
            try:
                response = self._client.send(self._request(body))
            except (httpx.HTTPError, OSError) as error:
                reason = str(error) or type(error).__name__
                continue
            if response.is_success:
                return response
            reason = f"it answered {response.status_code}{_complaint(response)}"
            if response.status_code < 500 and response.status_code != 429:
                break
            pause = max(pause, _asked_pause(response))
        raise TrainingError(f"The {self.name} gave no {wanted}: {reason}.")

    def _request(self, body: Any) -> httpx.Request:
        """To the address that was looked at; the certificate is still the name's."""
        url = httpx.URL(self._url)
        return self._client.build_request(
            "POST",
            url.copy_with(host=addresses.resolve(self.name, self._url)),
            json=body,
            headers={**self._headers, "Host": url.netloc.decode()},
            extensions={"sni_hostname": url.host},
        )


def _complaint(response: httpx.Response) -> str:
    """What an answer says of its refusal, in brackets, where it is in one of the usual forms:
    {"error": {"message": text}}, or a text under `error`, `message` or `detail`."""
    try:
        body = response.json()
    except ValueError:
        return ""
    for name in ("error", "message", "detail") if isinstance(body, dict) else ():
        said = body.get(name)
        message = said.get("message") if isinstance(said, dict) else said
        if isinstance(message, str) and message.strip():
            return f" ({message.strip().rstrip('.')[:SHOWN]})"
    return ""


def _asked_pause(response: httpx.Response) -> float:
    """Seconds of a Retry-After; 0 where there is none, or a date."""
    try:
        return max(float(response.headers["retry-after"]), 0.0)
    except (KeyError, ValueError):
        return 0.0
