from __future__ import annotations

import os
import subprocess
import sys

from deploy import checks, env


def test_bad_environment_becomes_one_error_each(monkeypatch):
    monkeypatch.setattr(env, "PROBLEMS", ["A is wrong: set it.", "B is wrong: set it."])
    found = checks.environment(None)
    assert [(error.id, error.msg) for error in found] == [
        ("plumbline.E001", "A is wrong: set it."),
        ("plumbline.E001", "B is wrong: set it."),
    ]


def test_several_web_processes_need_redis(settings):
    settings.WEB_PROCESSES, settings.REDIS_URL = 2, ""
    assert [error.id for error in checks.environment(None)] == ["plumbline.E002"]
    settings.REDIS_URL = "redis://127.0.0.1:6379/0"
    assert checks.environment(None) == []


def test_unknown_executor_is_an_error(settings):
    settings.EXECUTOR = "abacus"
    assert [error.id for error in checks.environment(None)] == ["plumbline.E003"]


def test_every_bad_variable_is_named_before_anything_starts(tmp_path):
    surroundings = {
        **os.environ,
        "PLUMBLINE_VAR": str(tmp_path),
        "WEB_THREADS": "lots",
        "DATABASE_URL": "mysql://db/x",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "up", "--port", "8160"],
        env=surroundings,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "WEB_THREADS" in done.stderr
    assert "DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_web_code_loads_no_model_code(tmp_path):
    script = (
        "import sys, deploy.wsgi, deploy.asgi\n"
        "from django.urls import get_resolver\n"
        "get_resolver().url_patterns\n"
        "print(sorted({'torch', 'transformers', 'trl', 'peft', 'crowdkit', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PLUMBLINE_VAR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_fitting_annotators_loads_no_model_code():
    """crowd-kit depends on transformers, yet what we use of it loads none of it."""
    script = (
        "import sys, crowdkit.aggregation\n"
        "print(sorted({'torch', 'transformers', 'trl', 'peft'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
