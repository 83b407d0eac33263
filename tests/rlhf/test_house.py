"""The web side as a whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOAD_EVERYTHING = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "deploy.settings"
import django
django.setup()
from importlib import import_module
from django.core.management import get_commands, load_command_class
from django.urls import get_resolver
get_resolver().url_patterns
import deploy.asgi, deploy.wsgi, deploy.serve, labeling.consumers
for name, app in get_commands().items():
    if app.partition(".")[0] in {"labeling", "rlhf", "deploy"}:
        load_command_class(app, name)
from rlhf.services.snapshot_files import _features
_features("preferences", plain=True)
import statsmodels.stats.proportion
print([name for name in ("torch", "transformers", "trl", "peft", "accelerate") if name in sys.modules])
"""


@pytest.mark.once
def test_the_web_side_loads_no_model_code(tmp_path):
    """import-linter does not see inside packages, so look at what is there once all is loaded."""
    done = subprocess.run(
        [sys.executable, "-c", LOAD_EVERYTHING],
        cwd=ROOT,
        env={**os.environ, "PLUMBLINE_VAR": str(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"
