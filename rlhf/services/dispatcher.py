"""The loop that starts queued runs, notices dead ones and moves rounds on.

Every step is safe to repeat and to lose: what it decides is written by guarded updates, so a
dispatcher killed anywhere is simply followed by another.
"""

from __future__ import annotations

import logging
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from django.conf import settings
from django.db import OperationalError, connection

from rlhf import storage
from rlhf.executors import CannotRun, Executor, Launch, Status
from rlhf.models import Round, Run
from rlhf.services import dispatcher_lease, rounds, runs

logger = logging.getLogger(__name__)
T = TypeVar("T")

LEASE_RENEWAL = timedelta(seconds=3)
# A worker that was asked to stop gets this long to report what it has.
CANCEL_PATIENCE = timedelta(seconds=15)
STOP_SECONDS = 8.0
CLEANING_INTERVAL = timedelta(minutes=5)
KEEP_WORKDIR = timedelta(hours=1)
KEEP_LOGS = timedelta(days=14)


class Dispatcher:
    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self._name = dispatcher_lease.my_name()
        self._began_at: datetime | None = None
        self._lease_renewed_at: datetime | None = None
        self._cleaned_at: datetime | None = None
        self._api_down_at: datetime | None = None
        self._cancel_seen_at: dict[tuple[int, int], datetime] = {}
        self._reasons: dict[tuple[int, int], str] = {}
        self._known_problems: dict[str, str] = {}
        self._said: set[str] = set()

    def step(self, *, now: datetime) -> bool:
        """One look at everything; True when something moved."""
        if not self._guarded("the dispatcher's lease", lambda: self._holds_lease(now)):
            return False
        moved = False
        for run in self._guarded("the list of runs", self._active_runs) or ():
            moved |= self._guarded(f"run {run.pk}", partial(self._check, run, now)) or False
        moved |= self._guarded("the queue of runs", lambda: self._start_queued(now)) or False
        for round_id in self._guarded("the list of rounds", _running_rounds) or ():
            advance = partial(rounds.advance, round_id=round_id, now=now)
            moved |= self._guarded(f"round {round_id}", advance) or False
        if self._cleaned_at is None or now - self._cleaned_at > CLEANING_INTERVAL:
            self._cleaned_at = now
            self._guarded("old working folders", lambda: self._clean(now))
        return moved

    def is_idle(self) -> bool:
        return not Run.objects.filter(state__in=[Run.State.QUEUED, *runs.ACTIVE]).exists()

    def stop(self, *, now: Callable[[], datetime]) -> None:
        """End the workers that live with us and put their runs back into the queue."""
        if self._began_at is not None:
            if self.executor.ends_with_dispatcher:
                self._guarded("stopping the workers", lambda: self._stop_workers(now))
            self._guarded("the lease", lambda: dispatcher_lease.give_up(holder=self._name, now=now()))

    def _holds_lease(self, now: datetime) -> bool:
        if self._lease_renewed_at is not None and now - self._lease_renewed_at < LEASE_RENEWAL:
            return True
        self._lease_renewed_at = None
        if not dispatcher_lease.take(holder=self._name, now=now):
            self._say("waiting", "Another dispatcher is at work on this database: waiting until it ends.")
            self._began_at = None
            return False
        self._said.discard("waiting")
        self._lease_renewed_at = now
        if self._began_at is None:
            self._began_at = now
            self._put_back_unsubmitted(now)
        return True

    def _active_runs(self) -> list[Run]:
        return list(Run.objects.filter(state__in=runs.ACTIVE, executor=self.executor.name).order_by("id"))

    def _put_back_unsubmitted(self, now: datetime) -> None:
        """A dispatcher killed between claiming a run and starting its worker leaves these."""
        for run in self._active_runs():
            if run.state == Run.State.STARTING and not run.executor_ref:
                runs.put_back(run=run, now=now)

    def _check(self, run: Run, now: datetime) -> bool:
        status = self.executor.status(run.executor_ref) if run.executor_ref else None
        if status is not None and not status.alive:
            runs.lost(run=run, reason=self._why(run, status), now=now)
            return True
        key = (run.pk, run.attempt)
        if key in self._reasons:
            self.executor.cancel(run.executor_ref)
        elif run.cancel_requested and run.executor_ref:
            if now - self._cancel_seen_at.setdefault(key, now) > CANCEL_PATIENCE:
                self.executor.cancel(run.executor_ref)
        elif self._is_silent(run, now):
            silence = f"The worker gave no sign of life for {settings.HEARTBEAT_TIMEOUT_SECONDS} seconds"
            if not run.executor_ref:
                runs.lost(run=run, reason=f"{silence}.", now=now)
                return True
            self._reasons[key] = silence
            self.executor.cancel(run.executor_ref)
        return False

    def _is_silent(self, run: Run, now: datetime) -> bool:
        """Whether the silence is the worker's fault: nobody can report to a server that is down,
        and after that it takes a while until everyone has."""
        moments = (run.heartbeat_at, self._began_at, self._api_down_at)
        heard_at = max(moment for moment in moments if moment is not None)
        if now - heard_at <= timedelta(seconds=settings.HEARTBEAT_TIMEOUT_SECONDS):
            return False
        if not _api_answers():
            self._api_down_at = now
            return False
        return True

    def _why(self, run: Run, status: Status) -> str:
        said = next((line for line in reversed(self._last_lines(run)) if line.strip()), "")
        reason = self._reasons.pop((run.pk, run.attempt), None) or _ending(status.exit_code)
        words = f"{reason}; its last words were “{said.strip()[:300]}”." if said else f"{reason}."
        return f"{words} The log is {self.executor.log_name(run.pk, run.attempt)}."

    def _last_lines(self, run: Run) -> list[str]:
        return self.executor.logs(run.pk, run.attempt, num_lines=20)

    def _start_queued(self, now: datetime) -> bool:
        queued = Run.objects.filter(state=Run.State.QUEUED, executor=self.executor.name)
        if not queued.exists() or not self._server_answers():
            return False
        active = [run.executor_ref for run in self._active_runs()]
        started = False
        # The oldest comes first, also where it has to wait until enough is free for all its processes.
        while (run := queued.order_by("id").first()) and self.executor.has_room(_num_processes(run), active):
            claim = runs.claim(executor=self.executor.name, now=now)
            if claim is None:
                break
            started = True
            active.append(self._submit(claim, active, now))
        return started

    def _server_answers(self) -> bool:
        """A worker started while the server is down would only use up one of the run's lives."""
        if _api_answers():
            self._said.discard("server down")
            return True
        self._say("server down", f"{settings.WORKER_API_URL} does not answer: queued runs wait for it.")
        return False

    def _say(self, what: str, words: str) -> None:
        """Once, until it is no longer so."""
        if what not in self._said:
            self._said.add(what)
            logger.warning(words)

    def _submit(self, claim: runs.Claim, active: list[str], now: datetime) -> str:
        run = claim.run
        launch = Launch(
            run.pk, run.attempt, claim.token, run.environment.get("num_threads"), _num_processes(run)
        )
        try:
            ref, environment = self.executor.submit(launch, active=active)
        except CannotRun as problem:
            runs.finish(run=run, outcome=Run.State.FAILED, error=str(problem), now=now)
            return ""
        except Exception as problem:
            logger.exception("run %s: its worker could not be started", run.pk)
            runs.lost(run=run, reason=f"The worker could not be started: {problem}.", now=now)
            return ""
        runs.note_submitted(run=run, ref=ref, environment=environment)
        logger.info("run %s (%s): attempt %s started", run.pk, run.kind, run.attempt)
        return ref

    def _stop_workers(self, now: Callable[[], datetime]) -> None:
        active = self._active_runs()
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            alive = [
                run for run in active if run.executor_ref and self.executor.status(run.executor_ref).alive
            ]
            if not alive:
                break
            for run in alive:
                self.executor.cancel(run.executor_ref)
            time.sleep(0.1)
        for run in active:
            runs.put_back(run=run, now=now())

    def _clean(self, now: datetime) -> None:
        storage.sweep(older_than_seconds=24 * 3600)
        known = {run.pk: run for run in Run.objects.filter(pk__in=self.executor.left_over())}
        for run_id in self.executor.left_over():
            run = known.get(run_id)
            if run is None or (run.finished_at and now - run.finished_at > KEEP_LOGS):
                self.executor.clean(run_id, keep_logs=False)
            elif run.finished_at and now - run.finished_at > KEEP_WORKDIR:
                self.executor.clean(run_id, keep_logs=True)

    def _guarded(self, what: str, act: Callable[[], T]) -> T | None:
        """Nothing that happens to one run, or to the database for a while, may end the loop."""
        try:
            done = act()
        except Exception as problem:
            if self._known_problems.get(what) != repr(problem):
                self._known_problems[what] = repr(problem)
                logger.exception("%s: trying again", what)
            if isinstance(problem, OperationalError):
                connection.close()
            return None
        self._known_problems.pop(what, None)
        return done


def _num_processes(run: Run) -> int:
    return int(run.spec.get("num_processes", 1))


def _running_rounds() -> list[int]:
    found = Round.objects.filter(state=Round.State.RUNNING).order_by("id")
    return list(found.values_list("pk", flat=True))


def _ending(exit_code: int | None) -> str:
    match exit_code:
        case None:
            return "The worker process is gone"
        case 4:
            return f"The worker could not reach the server at {settings.WORKER_API_URL}"
        case 5:
            return "One of the processes that share the run is gone"
        case -9:
            return "The worker process was killed (signal 9: often the machine ran out of memory)"
        case code if code < 0:
            return f"The worker process was ended by signal {-code}"
    return f"The worker process ended with exit code {exit_code} before the run was finished"


def _api_answers() -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{settings.WORKER_API_URL}/api/health", timeout=2) as response:
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError):
        return False
