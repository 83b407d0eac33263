"""Which GPUs a worker may be given, without importing torch."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path


def visible() -> list[str]:
    """Values for CUDA_VISIBLE_DEVICES, one per GPU of this machine that we may use."""
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if allowed is not None:
        return [part.strip() for part in allowed.split(",") if part.strip() not in {"", "-1"}]
    count = _by_nvidia_smi()
    if count is None:
        count = len(list(Path("/dev").glob("nvidia[0-9]*")))
    return [str(number) for number in range(count)]


def _by_nvidia_smi() -> int | None:
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    try:
        listed = subprocess.run([program, "-L"], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines())
