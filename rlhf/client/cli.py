"""`plumbline`: the API from a shell. Every failure is one sentence and a non-zero exit code."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rlhf.client.client import FINISHED_RUN_STATES, Client
from rlhf.client.http import ApiError

DEFAULT_URL = "http://127.0.0.1:8000"
RETRY_SECONDS = 5.0  # somebody is waiting
# JSON Lines up to this size are imported while the caller waits.
IMPORT_AT_ONCE_BYTES = 32 * 1024 * 1024
BY_JOB = {".json", ".csv", ".tsv", ".parquet", ".arrow", ".zip"}
EXPORTS = [
    "judgments",
    "comparisons",
    "preferences",
    "hh",
    "unpaired",
    "rankings",
    "demonstrations",
    "prompts",
    "argilla",
    "label-studio",
]
EXIT_FAILED, EXIT_USAGE, EXIT_UNREACHABLE, EXIT_SIGN_IN = 1, 2, 4, 5

Command = Callable[[Client, argparse.Namespace], int]


class UsageError(Exception):
    pass


def main(argv: Sequence[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    try:
        saved = _read_credentials()
        url = args.url or os.environ.get("PLUMBLINE_URL") or saved.get("url") or DEFAULT_URL
        token = os.environ.get("PLUMBLINE_TOKEN") or saved.get("tokens", {}).get(url)
        if token is None and args.command is not login:
            raise UsageError("You are not signed in. Run `plumbline login`, or set PLUMBLINE_TOKEN.")
        if args.command is login:
            token = None
        with Client(url, token=token, retry_seconds=RETRY_SECONDS) as client:
            return args.command(client, args)
    except UsageError as error:
        return _fail(str(error), EXIT_USAGE)
    except TimeoutError as error:
        return _fail(str(error), EXIT_FAILED)
    except ApiError as error:
        if error.is_unreachable:
            return _fail(str(error), EXIT_UNREACHABLE)
        if error.status == 401:
            return _fail(f"{error} Run `plumbline login`, or check PLUMBLINE_TOKEN.", EXIT_SIGN_IN)
        return _fail(str(error), EXIT_FAILED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except KeyboardInterrupt:
        return 130


def login(client: Client, args: argparse.Namespace) -> int:
    email = args.email or input("Email: ")
    password = os.environ.get("PLUMBLINE_PASSWORD") or getpass.getpass("Password: ")
    client.login(email, password)
    token = client.post("/api/tokens", {"name": f"plumbline on {socket.gethostname()}"})
    saved = _read_credentials()
    tokens = {**saved.get("tokens", {}), client.base_url: token["secret"]}
    _write_credentials({"url": client.base_url, "tokens": tokens})
    print(f"Signed in to {client.base_url} as {email}.")
    return 0


def projects(client: Client, args: argparse.Namespace) -> int:
    _table(
        [
            (row["slug"], row["name"], ", ".join(row["my_roles"]), row["counts"]["judgments"])
            for row in client.all("/api/projects")
        ],
        ("project", "name", "my roles", "judgments"),
    )
    return 0


def import_file(client: Client, args: argparse.Namespace) -> int:
    path = Path(args.file)
    options = {
        "dry_run": args.dry_run,
        "skip_bad_rows": args.skip_bad_rows,
        "licence": args.licence,
        "source": args.source,
        "row_format": args.format,
        "aspect": args.aspect,
    }
    ending = Path(path.name.removesuffix(".gz")).suffix
    is_large = path.is_file() and path.stat().st_size > IMPORT_AT_ONCE_BYTES
    if args.texts or is_large or path.is_dir() or ending in BY_JOB:
        return _import_by_job(client, args, options)
    result = client.import_rows(args.project, args.file, **options)
    errors = result.pop("errors", [])
    for row in errors:
        print(f"line {row['line']}: {row['message']}", file=sys.stderr)
    counts = ", ".join(
        f"{value} {key.replace('_', ' ')}" for key, value in result.items() if not isinstance(value, bool)
    )
    print(("Nothing was stored (dry run): " if args.dry_run else "") + counts)
    return 0


def _import_by_job(client: Client, args: argparse.Namespace, options: dict[str, Any]) -> int:
    """In the background of the server, which says meanwhile how far it is."""
    job = client.upload_import(args.project, args.file, texts=args.texts, **options)
    print(f"Import {job['id']} of {job['filename']} is {job['state']}.")
    said = ""
    for seen in client.wait_for_import(args.project, job["id"]):
        job = seen
        total = job["num_rows"]
        line = "checking" if total is None else f"{job['rows_done']} of {total} rows"
        if line != said and job["state"] == "running":
            print(line)
        said = line
    counts = ", ".join(f"{value} {key.replace('_', ' ')}" for key, value in job["counts"].items())
    print(f"It {job['state']}: {job['rows_done']} rows, {job['num_errors']} left out. {counts}".strip())
    if job["num_errors"]:
        print(f"What was left out: plumbline import-errors {job['id']} --project {args.project}")
    if job["error"]:
        return _fail(job["error"], EXIT_FAILED)
    return 0


def import_errors(client: Client, args: argparse.Namespace) -> int:
    for line in client.http.lines(f"/api/projects/{args.project}/import-jobs/{args.id}/errors"):
        print(line)
    return 0


def export(client: Client, args: argparse.Namespace) -> int:
    filters = {
        "style": args.style,
        "arm": args.arm,
        "split": args.split,
        "tag": args.tag,
        "since": args.since,
        "until": args.until,
    }
    if args.output != "-":
        target = Path(args.output)
        client.download_export(args.project, args.what, target, file_format=args.format, **filters)
        return 0
    if args.format != "jsonl":
        raise UsageError(f"`--format {args.format}` needs `--output FILE`.")
    for row in client.export(args.project, args.what, **filters):
        print(json.dumps(row, ensure_ascii=False))
    return 0


def list_webhooks(client: Client, args: argparse.Namespace) -> int:
    rows = [
        (
            row["id"],
            row["url"],
            ", ".join(row["events"]),
            "on" if row["is_active"] else row["disabled_reason"],
        )
        for row in client.webhooks(args.project)
    ]
    _table(rows, ("id", "address", "events", "state"))
    return 0


def add_webhook(client: Client, args: argparse.Namespace) -> int:
    row = client.add_webhook(args.project, args.address, args.event)
    print(f"Webhook {row['id']} to {row['url']}: {', '.join(row['events'])}.")
    print(f"Its secret, shown this once: {row['secret']}")
    return 0


def snapshot(client: Client, args: argparse.Namespace) -> int:
    filters: dict[str, Any] = {"name": args.name, "splits": args.split, "arms": args.arm}
    row = client.snapshot(
        args.project, kind=args.kind, **{key: value for key, value in filters.items() if value}
    )
    rows = ", ".join(f"{count} {split}" for split, count in row["num_rows"].items())
    print(f"Snapshot {row['id']} ({row['kind']}, {row['digest'][:12]}): {rows}")
    return 0


def launch_run(client: Client, args: argparse.Namespace) -> int:
    run = client.launch_run(args.project, _spec(args))
    print(f"Run {run['id']} ({run['kind']}) is {run['state']}.")
    return _follow(client, run["id"]) if args.wait else 0


def show_run(client: Client, args: argparse.Namespace) -> int:
    run = client.run(args.id)
    if args.json:
        return _print_json(run)
    _print_run(run)
    return 0


def run_logs(client: Client, args: argparse.Namespace) -> int:
    return _follow(client, args.id, wait=args.follow)


def cancel_run(client: Client, args: argparse.Namespace) -> int:
    client.cancel_run(args.id)
    print(f"Run {args.id} will stop at its next step.")
    return 0


def launch_round(client: Client, args: argparse.Namespace) -> int:
    _print_round(client.launch_round(args.project, _spec(args)))
    return 0


def show_round(client: Client, args: argparse.Namespace) -> int:
    row = client.round(args.id)
    if args.json:
        return _print_json(row)
    _print_round(row)
    return 0


def _follow(client: Client, run_id: int, *, wait: bool = True) -> int:
    """Print log lines as they arrive; 0 unless the run failed."""
    after_id = 0
    while True:
        run = client.run(run_id)
        for line in client.logs(run_id, after_id=after_id):
            after_id = line["id"]
            print(line["line"])
        if run["state"] in FINISHED_RUN_STATES or not wait:
            _print_run(run)
            return EXIT_FAILED if run["state"] == "failed" else 0
        time.sleep(1.0)


def _print_run(run: dict[str, Any]) -> None:
    progress = f", step {run['step']} of {run['num_steps']}" if run.get("num_steps") else ""
    attempt = f", attempt {run['attempt']}" if run.get("attempt", 1) > 1 else ""
    print(f"Run {run['id']} ({run['kind']}) is {run['state']}{progress}{attempt}.")
    if run.get("error"):
        print(run["error"])
    if run.get("produced_model"):
        print(f"Model: {run['produced_model']['ref']}")


def _print_round(row: dict[str, Any]) -> None:
    print(f"Round {row['number']} (id {row['id']}) is {row['state']}.")
    if row.get("error"):
        print(row["error"])
    _table([(step["name"], step["state"]) for step in row["steps"]], ("step", "state"))


def _print_json(value: Any) -> int:
    print(json.dumps(value, indent=2, ensure_ascii=False))
    return 0


def _table(rows: Sequence[tuple[Any, ...]], header: tuple[str, ...]) -> None:
    cells = [header, *[tuple(str(value) for value in row) for row in rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    for row in cells:
        print("  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)).rstrip())


def _spec(args: argparse.Namespace) -> dict[str, Any]:
    """A JSON file, changed by `--set training.name=value`; values are JSON or else text."""
    spec: dict[str, Any] = {}
    if args.spec:
        try:
            text = sys.stdin.read() if args.spec == "-" else Path(args.spec).read_text(encoding="utf-8")
            spec = json.loads(text)
        except OSError as error:
            raise UsageError(f"Cannot read {args.spec}: {error.strerror}.") from error
        except ValueError as error:
            raise UsageError(f"{args.spec} is not valid JSON: {error}.") from error
        if not isinstance(spec, dict):
            raise UsageError(f"{args.spec} must hold one JSON object.")
    for assignment in args.set:
        name, separator, text = assignment.partition("=")
        if not separator:
            raise UsageError(f"`--set {assignment}` needs the form name=value.")
        target = spec
        *parents, last = name.split(".")
        for parent in parents:
            target = target.setdefault(parent, {})
            if not isinstance(target, dict):
                raise UsageError(f"`--set {assignment}`: {parent} is not an object.")
        try:
            target[last] = json.loads(text)
        except ValueError:
            target[last] = text
    return spec


def _credentials_path() -> Path:
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "plumbline" / "credentials.json"


def _read_credentials() -> dict[str, Any]:
    path = _credentials_path()
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"Cannot read {path}: {error}. Delete it and run `plumbline login`.") from error


def _write_credentials(credentials: dict[str, Any]) -> None:
    path = _credentials_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(credentials, file, indent=2)


def _fail(message: str, code: int) -> int:
    print(f"plumbline: {message}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="plumbline", description="Talk to a Plumbline server.")
    parser.add_argument(
        "--url", help=f"server address (default: PLUMBLINE_URL, the last login, {DEFAULT_URL})"
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(group: Any, name: str, command: Command, help_text: str) -> argparse.ArgumentParser:
        sub = group.add_parser(name, help=help_text, description=help_text)
        sub.set_defaults(command=command)
        return sub

    sub = add(commands, "login", login, "sign in and keep an API token in your configuration folder")
    sub.add_argument("url", nargs="?", default=argparse.SUPPRESS, metavar="URL", help="as --url")
    sub.add_argument("--email")
    add(commands, "projects", projects, "list your projects")

    sub = add(commands, "import", import_file, "import a file of rows, or a folder saved by datasets")
    sub.add_argument("file", metavar="FILE")
    _add_project(sub)
    sub.add_argument("--format", metavar="NAME", help="of the rows; otherwise their keys tell")
    sub.add_argument("--aspect", metavar="NAME", help="ultrafeedback: rank by this rating, not the mean")
    sub.add_argument("--texts", metavar="FILE", help="ukpconvarg: the file with the arguments")
    sub.add_argument("--licence", help="for rows that name none")
    sub.add_argument("--source", help="for rows that name none")
    sub.add_argument("--dry-run", action="store_true", help="check every row, store nothing")
    sub.add_argument("--skip-bad-rows", action="store_true", help="store the good rows, list the others")

    sub = add(commands, "import-errors", import_errors, "print the rows that an import left out")
    _add_id(sub)
    _add_project(sub)

    sub = add(commands, "export", export, "write labels in a form that trains or travels")
    sub.add_argument("what", choices=EXPORTS)
    _add_project(sub)
    sub.add_argument("--output", "-o", default="-", metavar="FILE")
    sub.add_argument("--format", default="jsonl", choices=["jsonl", "list", "csv", "parquet", "features"])
    sub.add_argument("--style", choices=["messages", "text"], help="conversational, or plain texts")
    for name in ("arm", "split", "tag"):
        sub.add_argument(f"--{name}", action="append")
    for name in ("since", "until"):
        sub.add_argument(f"--{name}", metavar="TIME", help="e.g. 2026-05-01T00:00Z")

    hooks = commands.add_parser("webhook", help="tell other programs what happens").add_subparsers(
        required=True, metavar="ACTION"
    )
    _add_project(add(hooks, "list", list_webhooks, "list a project's webhooks"))
    sub = add(hooks, "add", add_webhook, "add a webhook and print its secret")
    sub.add_argument("address", metavar="URL")
    sub.add_argument("--event", action="append", required=True, help="e.g. run.finished; may be repeated")
    _add_project(sub)

    sub = add(commands, "snapshot", snapshot, "freeze data for training")
    sub.add_argument("kind", choices=["preferences", "rankings", "unpaired", "demonstrations", "prompts"])
    _add_project(sub)
    sub.add_argument("--name")
    sub.add_argument("--split", action="append", choices=["train", "validation", "test"])
    sub.add_argument("--arm", action="append")

    runs = commands.add_parser("run", help="launch and watch runs").add_subparsers(
        required=True, metavar="ACTION"
    )
    sub = add(runs, "launch", launch_run, "launch a run")
    _add_spec(sub)
    sub.add_argument("--wait", action="store_true", help="follow it to its end")
    _add_id(add(runs, "show", show_run, "show a run"), json_output=True)
    sub = add(runs, "logs", run_logs, "print a run's log")
    _add_id(sub)
    sub.add_argument("--follow", "-f", action="store_true")
    _add_id(add(runs, "cancel", cancel_run, "stop a run at its next step"))

    rounds = commands.add_parser("round", help="launch and watch rounds").add_subparsers(
        required=True, metavar="ACTION"
    )
    _add_spec(add(rounds, "launch", launch_round, "launch a round"))
    _add_id(add(rounds, "show", show_round, "show a round"), json_output=True)
    return parser


def _add_project(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--project", "-p", required=True, metavar="SLUG")


def _add_spec(parser: argparse.ArgumentParser) -> None:
    _add_project(parser)
    parser.add_argument("--spec", metavar="FILE", help="JSON file with the spec; `-` reads standard input")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="e.g. kind=reward")


def _add_id(parser: argparse.ArgumentParser, *, json_output: bool = False) -> None:
    parser.add_argument("id", type=int)
    if json_output:
        parser.add_argument("--json", action="store_true")
