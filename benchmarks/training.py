"""What training costs beside TRL, at equal settings.

    python -m benchmarks.training [--long] [--only WORD]

Prints one line of JSON for each figure. PPO takes turns with TRL 1.12.0's, the last there was, which is
installed by itself into var/peers: episodes a second and peak memory on two cores, on the fixture's 2M model
and on a random one of 26M, and where an update spends its time. Products of a layer are oneDNN's beside
MKL's. SFT, DPO, RLOO and reward training take turns with bare scripts of TRL 1.16, from files to a saved
model. DPO is shown ten percent of new labels. `--long` has more turns, and PPO's gain in true utility over
five seeds. Rankings of more than two: benchmarks/rewards.py. Eight to fifteen minutes on two cores.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

SEEDS = 5


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--only", default="", help="Figures whose name holds this word.")
    options = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    from benchmarks.figures import chosen
    from benchmarks.peers import offline, ppo, products, reference, shares, truth

    failures: list[str] = []

    def needs_no_more() -> None:
        if not reference.count():
            failures.append("The reference read replies again that it had read before.")

    def learns_as_much() -> None:
        if not truth.compare(SEEDS):
            failures.append("PPO gained less true utility than its peer.")

    parts: dict[str, Callable[[], object]] = {
        "ppo small": lambda: ppo.race(ppo.SMALL, rounds=25 if options.long else 9, warm_up=1),
        "ppo large": lambda: ppo.race(ppo.LARGE, rounds=4 if options.long else 2, warm_up=0),
        "ppo shares": lambda: [shares.show(one, threads=ppo.THREADS) for one in (ppo.SMALL, ppo.LARGE)],
        "products": lambda: products.show(threads=ppo.THREADS),
        **{
            kind: lambda kind=kind: offline.compare(kind, rounds=7 if options.long else 3)
            for kind in offline.METHODS
        },
        "reference": needs_no_more,
    }
    if options.long:
        parts["ppo truth"] = learns_as_much
    wanted = chosen(parts, options.only)
    try:
        if any(name.startswith("ppo") for name in wanted):
            ppo.install()
        for run in wanted.values():
            run()
    except ppo.PeerMissing as error:
        failures.append(str(error))
    for sentence in failures:
        print(sentence, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
