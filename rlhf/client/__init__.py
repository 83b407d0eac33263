"""The one HTTP client: command line, crowd, worker, notebooks. Needs httpx and nothing else.

from rlhf.client import Client

client = Client("http://127.0.0.1:8000", token="pl_…")
run = client.launch_run("support", {"kind": "reward", "model": "base@1", "snapshot": 3})
run = client.wait_for_run(run["id"])
"""

from rlhf.client.client import Client
from rlhf.client.http import ApiError, Http

__all__ = ["ApiError", "Client", "Http"]
