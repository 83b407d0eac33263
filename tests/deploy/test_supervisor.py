"""With real processes: a supervisor in a process of its own, and children that write their ids."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.supervisor import HEALTHY_SECONDS, LONGEST_DELAY_SECONDS, Child, describe_exit
from tests.waiting import until

# Each child starts a grandchild, as the dispatcher starts workers.
CHILD = """
import os, pathlib, subprocess, sys, time
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
path = pathlib.Path(sys.argv[1])
path.with_suffix(".new").write_text(f"{os.getpid()} {grandchild.pid}")
path.with_suffix(".new").rename(path)
time.sleep(60)
"""
SUPERVISOR = """
import os, pathlib, sys
from deploy.supervisor import Child, Supervisor
folder = pathlib.Path(sys.argv[1])
command = [sys.executable, "-c", sys.argv[2]]
children = [Child(name, [*command, str(folder / name)]) for name in ("web", "dispatcher")]
Supervisor(children=children, environment=os.environ, say=lambda words: print(words, flush=True)).run(
    is_ready=lambda: True, announce=lambda: print("ready", flush=True)
)
print("stopped", flush=True)
"""


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def kill_if_alive(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


class House:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with (folder / "said").open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SUPERVISOR, str(folder), CHILD], stdout=said
            )

    def pids(self, name: str) -> list[int]:
        """Of the child and of its grandchild."""
        until((self.folder / name).exists, seconds=15)
        return [int(pid) for pid in (self.folder / name).read_text().split()]

    def restarted(self, name: str, old: list[int]) -> list[int]:
        until(lambda: self.pids(name) != old, seconds=15)
        return self.pids(name)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    pids = house.pids("web") + house.pids("dispatcher")
    house.process.kill()
    house.process.wait()
    for pid in pids:
        kill_if_alive(pid)


def test_killed_child_is_started_again_and_the_other_is_left_alone(house):
    web, dispatcher = house.pids("web"), house.pids("dispatcher")
    os.kill(web[0], signal.SIGKILL)
    again = house.restarted("web", web)
    assert is_alive(again[0])
    assert house.pids("dispatcher") == dispatcher
    assert is_alive(dispatcher[0])


def test_what_a_dead_child_had_started_does_not_linger(house):
    web = house.pids("web")
    os.kill(web[0], signal.SIGKILL)
    until(lambda: not is_alive(web[1]), seconds=15)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_stops_the_whole_tree(house, number):
    pids = house.pids("web") + house.pids("dispatcher")
    house.process.send_signal(number)
    assert house.process.wait(timeout=20) == 0
    assert (house.folder / "said").read_text().splitlines() == ["ready", "stopped"]
    assert [pid for pid in pids if is_alive(pid)] == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_children_die_with_a_killed_supervisor(house):
    children = [house.pids("web")[0], house.pids("dispatcher")[0]]
    house.process.kill()
    until(lambda: not any(is_alive(pid) for pid in children), seconds=15)


def test_child_that_keeps_dying_is_started_less_and_less_often():
    child = Child("web", ["false"])
    assert [child.note_death(now=1.0) for _ in range(4)] == [0.5, 1.0, 2.0, 4.0]
    for _ in range(10):
        wait = child.note_death(now=1.0)
    assert wait == LONGEST_DELAY_SECONDS
    assert child.note_death(now=HEALTHY_SECONDS) == 0.5


def test_death_is_described_by_the_signal_that_caused_it():
    assert describe_exit(-signal.SIGKILL) == "killed by SIGKILL"
    assert describe_exit(3) == "exit code 3"
