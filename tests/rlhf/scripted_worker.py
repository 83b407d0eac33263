"""A worker without torch: it speaks the whole protocol and "trains" by hashing its state.

SCRIPT_STEP_SECONDS is how long a step takes, SCRIPT_CRASH ("attempt:step") where it dies.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
import urllib.request
from datetime import UTC, datetime
from typing import Any

URL, TOKEN = os.environ["PLUMBLINE_URL"], os.environ["PLUMBLINE_RUN_TOKEN"]
STEP_SECONDS = float(os.environ.get("SCRIPT_STEP_SECONDS", "0"))
CRASH = os.environ.get("SCRIPT_CRASH", "")


def call(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    request = urllib.request.Request(
        URL + path, data=body or None, method=method, headers={"Authorization": f"Bearer {TOKEN}", **headers}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


def post(path: str, **body: Any) -> dict[str, Any]:
    kind = {"Content-Type": "application/json"}
    return json.loads(call("POST", path, json.dumps(body).encode(), **kind))


def put(name: str, content: bytes) -> None:
    kind = {"Content-Type": "application/octet-stream", "X-SHA256": hashlib.sha256(content).hexdigest()}
    call("PUT", f"/api/worker/files/{name}", content, **kind)


class Events:
    def __init__(self) -> None:
        self.seq = 0

    def send(self, type: str, **fields: Any) -> bool:
        self.seq += 1
        event = {"seq": self.seq, "at": datetime.now(UTC).isoformat(), "type": type, **fields}
        return post("/api/worker/events", first_seq=self.seq, events=[event])["cancel"]


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    told = json.loads(call("GET", "/api/worker/run"))
    events, spec, checkpoint = Events(), told["spec"], told["checkpoint"]
    state, step = b"", 0
    if checkpoint:
        state, step = call("GET", f"/api/worker/files/{checkpoint['files'][0]['name']}"), checkpoint["step"]
    events.send("log", line=f"pid {os.getpid()} goes on from step {step}")
    events.send("environment", values={"variables": sorted(os.environ)})
    while step < spec["max_steps"]:
        step += 1
        time.sleep(STEP_SECONDS)
        state = hashlib.sha256(state + str(step).encode()).hexdigest().encode()
        if f"{told['attempt']}:{step}" == CRASH:
            print("the script was told to crash", file=sys.stderr, flush=True)
            os._exit(7)
        stop = step > told["last_step"] and events.send("metrics", step=step, values={"loss": 1 / step})
        if stop or events.send("progress", step=step, num_steps=spec["max_steps"]):
            post("/api/worker/finish", state="cancelled")
            return 0
        if step % spec["checkpoint_every"] == 0:
            name = f"checkpoints/step-{step}/state.txt"
            put(name, state)
            events.send("checkpoint", step=step, files=[name])
    put("model/config.json", b"{}")
    put("model/model.safetensors", state)
    post(
        "/api/worker/finish",
        state="succeeded",
        result={"model_files": ["config.json", "model.safetensors"], "summary": {}},
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
