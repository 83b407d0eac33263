from __future__ import annotations

import json

import pytest

from rlhf.client.cli import main


@pytest.fixture(autouse=True)
def environment(server, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("PLUMBLINE_URL", server.url)
    monkeypatch.setenv("PLUMBLINE_TOKEN", "pl_secret")


def test_launch_builds_the_spec_from_a_file_and_assignments(server, tmp_path, capsys):
    server.answers = [(201, {"id": 4, "kind": "dpo", "state": "queued"})]
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps({"kind": "dpo", "model": "base@1", "lora": {"r": 4}}))
    argv = ["run", "launch", "-p", "support", "--spec", str(spec), "--set", "snapshot=3", "--set", "lora.r=8"]
    assert main([*argv, "--set", "name=better"]) == 0
    assert server.received[0].json == {
        "kind": "dpo", "model": "base@1", "lora": {"r": 8}, "snapshot": 3, "name": "better",
    }  # fmt: skip
    assert "Run 4 (dpo) is queued." in capsys.readouterr().out


def test_failed_request_prints_one_sentence(server, capsys):
    server.answers = [(404, {"code": "not_found", "message": "There is no such project."})]
    assert main(["import", __file__, "-p", "nowhere"]) == 1
    assert capsys.readouterr().err == "plumbline: There is no such project.\n"


def test_bad_rows_are_listed(server, capsys):
    errors = [{"line": 2, "message": "`prompt` is missing."}]
    server.answers = [
        (
            400,
            {"code": "bad_rows", "message": "1 row is wrong.", "fields": {"errors": errors, "num_errors": 1}},
        )
    ]
    assert main(["import", __file__, "-p", "support"]) == 1
    assert "line 2: `prompt` is missing." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (
            ["run", "launch", "-p", "x", "--spec", "/no/such"],
            "Cannot read /no/such: No such file or directory.",
        ),
        (["run", "launch", "-p", "x", "--set", "kind"], "`--set kind` needs the form name=value."),
    ],
)
def test_wrong_usage_says_what_to_do(argv, message, capsys):
    assert main(argv) == 2
    assert message in capsys.readouterr().err


def test_unreachable_server_has_its_own_exit_code(monkeypatch, capsys):
    monkeypatch.setattr("rlhf.client.cli.RETRY_SECONDS", 0.0)
    assert main(["--url", "http://127.0.0.1:9", "projects"]) == 4
    assert "did not answer" in capsys.readouterr().err


def test_without_a_token_it_asks_to_sign_in(monkeypatch, capsys):
    monkeypatch.delenv("PLUMBLINE_TOKEN")
    assert main(["projects"]) == 2
    assert "plumbline login" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["--url", "{url}", "login"], ["login", "{url}"]])
def test_login_keeps_a_token_for_later(server, monkeypatch, tmp_path, command):
    monkeypatch.delenv("PLUMBLINE_TOKEN")
    monkeypatch.delenv("PLUMBLINE_URL")
    monkeypatch.setenv("PLUMBLINE_PASSWORD", "pw")
    server.answers = [
        (200, {}),
        (200, {}),
        (201, {"secret": "pl_new"}),
        (200, {"results": [], "next": None}),
    ]
    words = [word.format(url=server.url) for word in command]
    assert main([*words, "--email", "alice@example.com"]) == 0
    saved = tmp_path / "plumbline" / "credentials.json"
    assert saved.stat().st_mode & 0o777 == 0o600
    assert main(["projects"]) == 0
    assert server.received[-1].headers["Authorization"] == "Bearer pl_new"


def test_follow_prints_the_log_and_fails_with_the_run(server, capsys):
    failed = {"id": 4, "kind": "sft", "state": "failed", "error": "No rows.", "step": 0, "num_steps": None}
    server.answers = [(200, failed), (200, {"lines": [{"id": 1, "line": "loading"}]})]
    assert main(["run", "logs", "4", "--follow"]) == 1
    assert capsys.readouterr().out == "loading\nRun 4 (sft) is failed.\nNo rows.\n"
