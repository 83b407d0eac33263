"""The life of a worker process. Exit codes are the dispatcher's to read: 0 finished, 3 another attempt
has taken over, 4 the server could not be reached, 5 another process of the run is gone, anything else a
death to be retried."""

from __future__ import annotations

import errno
import gc
import importlib
import logging
import os
import shutil
import signal
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

from rlhf.client.http import ApiError
from rlhf.training.errors import Cancelled, TrainingError
from rlhf.worker import logs
from rlhf.worker.checkpoints import Uploads, restore
from rlhf.worker.environment import describe
from rlhf.worker.inputs import Inputs, models_to_read
from rlhf.worker.kinds import LIBRARIES, Execution, execute
from rlhf.worker.preflight import raise_if_unfit
from rlhf.worker.protocol import (
    EXIT_FINISHED,
    EXIT_RANK_LOST,
    EXIT_TOKEN_DEAD,
    EXIT_UNREACHABLE,
    Json,
    RunApi,
    Settings,
)
from rlhf.worker.ranks import Ranks
from rlhf.worker.reporter import ServerReporter

logger = logging.getLogger(__name__)
LAST_WORDS_SECONDS = 3.0


def main() -> int:
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    settings = Settings.from_environment()
    api = RunApi(settings)
    try:
        run = api.fetch_run()
        return _work(run, settings, api)
    except ApiError as error:
        print(f"rlhf.worker: {error}", file=sys.stderr, flush=True)
        if error.status == 401:
            return EXIT_TOKEN_DEAD
        return EXIT_UNREACHABLE if error.is_unreachable else 1


def live() -> NoReturn:
    """All of this process."""
    try:
        code = main()
    except SystemExit as stop:
        if not isinstance(stop.code, int):
            raise
        code = stop.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # the run is over, and taking all those libraries down in order takes seconds


def _stop(number: int, frame: Any) -> None:
    """Leave at once, reporting no end: the run continues from its checkpoint elsewhere."""
    raise SystemExit(128 + number)


def _work(run: Json, settings: Settings, api: RunApi) -> int:
    folder = settings.workdir / f"run-{run['id']}"
    reporter = ServerReporter(
        api,
        folder / f"attempt-{run['attempt']}" / "events.jsonl",
        last_seq=run["last_seq"],
        last_step=run["last_step"],
        last_step_metrics=run["last_step_metrics"],
        heartbeat_seconds=run["heartbeat_seconds"],
    )
    logs.capture(reporter.log)
    uploads = Uploads(api, reporter.spool)
    reporter.on_checkpoint = uploads.add
    try:
        outcome = _outcome(run, settings, api, reporter, uploads, folder)
        uploads.stop()
        for name in outcome.pop("files", []):
            api.upload(name, folder / "output" / name)
        reporter.spool.drain()
        _finish(api, outcome)
    except SystemExit:
        reporter.spool.drain(LAST_WORDS_SECONDS)
        raise
    finally:
        reporter.close()
    _tidy(folder)
    return EXIT_FINISHED


def _tidy(folder: Path) -> None:
    """What this run needed on disk is on the server now; the log beside it is the executor's."""
    for path in [folder / "output", folder / "ranks", *folder.glob("attempt-*/")]:
        shutil.rmtree(path, ignore_errors=True)
    if not any(folder.iterdir()):
        folder.rmdir()


def _finish(api: RunApi, outcome: Json) -> None:
    try:
        api.finish(outcome)
    except ApiError as error:
        if outcome["state"] != "succeeded" or error.is_unreachable:
            raise
        api.finish({"state": "failed", "error": f"The server did not accept the result: {error}"})


def _outcome(
    run: Json, settings: Settings, api: RunApi, reporter: ServerReporter, uploads: Uploads, folder: Path
) -> Json:
    """What to finish with, and under `files` what to send before that. Never raises for what the run
    itself did wrong: that is an outcome."""
    output_dir, ranks = folder / "output", None
    try:
        inputs = Inputs(api, settings.cache)
        inputs.prune()
        reporter.log(f"Attempt {run['attempt']} of the {run['kind']} run starts.")
        inputs.fetch_models(models_to_read(run))
        raise_if_unfit(run, inputs)
        resume_from = restore(run["checkpoint"], output_dir / "checkpoints", api)
        uploads.newest = resume_from
        load_libraries(run["kind"])
        reporter.environment(describe(seed=run["spec"].get("seed", 0)))
        reporter.raise_if_cancelled()
        ranks = _ranks(run, resume_from, folder, reporter, api)
        with ranks:
            result = execute(Execution(run, inputs, output_dir, resume_from, reporter, settings.cache))
    except Cancelled:
        reporter.log("Cancelled.")
        return {"state": "cancelled"}
    except TrainingError as error:
        reporter.log(str(error))
        return {"state": "failed", "error": str(error)}
    except ApiError as error:
        if error.is_unreachable:
            raise
        return {"state": "failed", "error": f"The server did not hand out what the run needs: {error}"}
    except Exception as error:
        if ranks and ranks.has_lost_one():
            raise SystemExit(EXIT_RANK_LOST) from error
        for line in traceback.format_exc().splitlines():
            reporter.log(line)
        print(traceback.format_exc(), file=sys.stderr, flush=True)
        return {"state": "failed", "error": sentence(error)}
    files = [*result.get("model_files", ["responses.jsonl"]), *result.get("critic_files", [])]
    return {"state": "succeeded", "result": result, "files": files}


def _ranks(run: Json, resume_from: Path | None, folder: Path, reporter: ServerReporter, api: RunApi) -> Ranks:
    """The other processes of this run, which are to end it when one of them fails or dies."""

    def fail(reason: str) -> None:
        reporter.log(reason)
        reporter.spool.drain(LAST_WORDS_SECONDS)
        _finish(api, {"state": "failed", "error": reason})
        os._exit(EXIT_FINISHED)

    def die(reason: str) -> None:
        print(reason, file=sys.stderr, flush=True)
        reporter.log(reason)
        reporter.spool.drain(LAST_WORDS_SECONDS)
        os._exit(EXIT_RANK_LOST)

    job = {"run": run, "resume_from": str(resume_from) if resume_from else None}
    count = run["spec"].get("num_processes", 1)
    _check_gpus(count)
    return Ranks(job, count, folder / "ranks", on_failure=fail, on_death=die)


def _check_gpus(count: int) -> None:
    if count > 1:
        import torch

        found = torch.cuda.device_count()
        if 0 < found < count:
            raise TrainingError(
                f"The run wants {count} processes with a GPU each, and this machine gives it {found}: lower "
                "num_processes."
            )


def load_libraries(*kinds: str) -> None:
    """Most of a short run's time. The collector would walk millions of objects that stay, again and
    again, for a fifth of it."""
    gc.disable()
    for kind in kinds:
        for module in LIBRARIES[kind]:
            importlib.import_module(module)
    gc.freeze()
    gc.enable()
    logs.forward_transformers()


def sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "The disk of the worker is full. Free some space, then retry."
    if isinstance(error, ModuleNotFoundError):
        return f"The worker's machine lacks {error.name}: install plumbline[train] there."
    last_line = traceback.format_exception_only(error)[-1].strip()
    return f"The run crashed: {last_line} (the log has the traceback)."
