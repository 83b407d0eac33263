"""What a process loads before it works; the demo starts some ten workers."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("rlhf.client.cli", ["pydantic", "torch", "django"]),
        ("rlhf.worker.main", ["torch", "transformers", "pyarrow", "django"]),
        ("rlhf.training.evaluation", ["trl", "datasets", "peft", "pandas", "django"]),
    ],
)
def test_process_loads_only_what_it_needs(module, absent):
    program = f"import sys, {module}; print([name for name in {absent} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
