"""Pairs labelled a second by people without think time, beside a bare server; SQL statements for a pair.

    python -m benchmarks.labeling [--long] [--people 1,8,32,100] [--databases postgresql,sqlite] [--seconds S]
        [--peer-on-granian]

Prints one line of JSON for each figure. A pair is one "next" and one "submit" over a persistent
connection, by accounts with API tokens. The product runs as it is deployed: on PostgreSQL deploy.http
with Redis, on SQLite `manage.py up`. The peer (benchmarks/bare) does nothing but a token check, one
lease UPDATE and one INSERT, on gunicorn with the same number of processes and threads and the same
kind of database. Their segments alternate; a ratio is of two neighbouring segments, and a figure is
the median over segments with its range. Everything shares one machine: servers, databases, clients.

Afterwards the bench compares its own book with both databases, and exits with 1 when something was
handed out twice, stored twice, or lost. `--peer-on-granian` gives the peer the product's HTTP server too,
which tells what is the server's and what is ours.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks import figures
from benchmarks.figures import say_median
from benchmarks.load import annotators, driver, servers
from benchmarks.load.driver import Segment
from benchmarks.load.ledger import Ledger
from deploy import private

WARM_UP_SECONDS = 1.0
PEER = "bare Django + DRF"
MAX_PAIRS_PER_SECOND = {"product": 400, "bare": 900}  # how many tasks must lie ready


@dataclass
class Side:
    house: servers.House
    annotator: object
    tokens: list[str] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)
    segments: dict[int, list[Segment]] = field(default_factory=dict)

    def work(self, num_people: int, seconds: float) -> None:
        def people(stop):
            return [
                self.annotator(self.house.url, token, self.ledger, stop) for token in self.tokens[:num_people]
            ]

        segment = driver.run(self.house.url, people, seconds=seconds, warm_up=WARM_UP_SECONDS)
        self.segments.setdefault(num_people, []).append(segment)
        progress = f"{self.house.module} A={num_people}: {segment.pairs_per_second:.0f} pairs/s"
        print(progress, file=sys.stderr, flush=True)


@dataclass
class Plan:
    people: list[int]
    rounds: int
    seconds: float

    def num_tasks(self, side: str) -> int:
        return (
            int(len(self.people) * self.rounds * (self.seconds + WARM_UP_SECONDS))
            * MAX_PAIRS_PER_SECOND[side]
        )


def say(
    figure: str, values: list[float], unit: str, peers: list[float] | None = None, **more: object
) -> None:
    compared: dict[str, object] = {}
    if peers:
        ratios = [ours / theirs for ours, theirs in zip(values, peers, strict=True)]
        compared = {"peer": PEER, "peer_value": round(median(peers), 2), "ratio": round(median(ratios), 3)}
    say_median(figure, values, unit, **compared, **more)


def report(database: str, plan: Plan, product: Side, bare: Side) -> None:
    for people in plan.people:
        ours, theirs = product.segments[people], bare.segments[people]
        where = f"{database}, A={people}"
        say(
            f"pairs labelled ({where})",
            [one.pairs_per_second for one in ours],
            "pairs/s",
            [one.pairs_per_second for one in theirs],
        )
        for quantile in (0.5, 0.95):
            say(
                f"next-task p{quantile * 100:.0f} ({where})",
                [one.milliseconds("next", quantile) for one in ours],
                "ms",
                [one.milliseconds("next", quantile) for one in theirs],
            )
    for name, side in (("product", product), ("bare server", bare)):
        shares = [one.cpu_share for some in side.segments.values() for one in some]
        say(f"load generator's share of a core ({database}, {name})", shares, "cores")


def close_books(database: str, sides: dict[str, Side]) -> bool:
    """Whether everything adds up."""
    right = True
    for name, side in sides.items():
        wrong = side.ledger.close(side.house.ask("stored"))
        figure = f"doubled, lost or handed out twice ({database}, {name})"
        figures.say(figure, sum(wrong.values()), "pairs", n=len(side.ledger), which=wrong)
        right = right and not wrong
    return right


@contextlib.contextmanager
def two_houses(database: str, folder: Path):
    """The product's and the bare server's, each on a database of its own; nothing is served yet."""
    with contextlib.ExitStack() as held:
        ours, theirs = servers.processes_of(database), servers.processes_of(database)
        if database == "postgresql":
            server = held.enter_context(private.postgres(durable=True))
            ours |= {"DATABASE_URL": servers.database_on(server, "product")}
            ours |= {"REDIS_URL": held.enter_context(private.redis())}
            theirs |= {"DATABASE_URL": servers.database_on(server, "bare")}
        yield (
            servers.house("benchmarks.load.product", folder / "product", **ours),
            servers.house("benchmarks.bare", folder / "bare", **theirs),
        )


def measure(database: str, plan: Plan, *, on_granian: bool) -> bool:
    with (
        tempfile.TemporaryDirectory(prefix="plumbline-bench-") as folder,
        two_houses(database, Path(folder)) as (ours, theirs),
    ):
        product = Side(ours, annotators.of_product)
        bare = Side(theirs, annotators.of_bare)
        for name, side in (("product", product), ("bare", bare)):
            side.tokens = side.house.ask("prepare", plan.num_tasks(name), max(plan.people))
        serve = servers.up(ours) if database == "sqlite" else servers.product(ours)
        with serve, servers.bare(theirs, on_granian=on_granian):
            for _ in range(plan.rounds):
                for people in plan.people:
                    product.work(people, plan.seconds)
                    bare.work(people, plan.seconds)
        report(database, plan, product, bare)
        right = close_books(database, {"product": product, "bare server": bare})
        cost = ours.ask("statements")
        say(
            f"SQL statements for a pair ({database})",
            [cost["statements"]],
            "statements",
            control=cost["control"],
        )
        return right


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--people", default="1,8,32,100")
    parser.add_argument("--databases", default="postgresql,sqlite")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--peer-on-granian", action="store_true")
    options = parser.parse_args()
    plan = Plan(
        people=[int(number) for number in options.people.split(",")],
        rounds=options.rounds or (10 if options.long else 3),
        seconds=options.seconds,
    )
    right = [
        measure(database, plan, on_granian=options.peer_on_granian)
        for database in options.databases.split(",")
    ]
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
