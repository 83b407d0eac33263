"""Agreement against published values and against other libraries on real ratings."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from collections import Counter
from itertools import combinations
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from labeling.quality.agreement import (
    Rating,
    alpha_estimate,
    cohen_estimate,
    cohen_kappa,
    fleiss_estimate,
    fleiss_kappa,
    fleiss_with_gaps,
    gwet_ac,
    gwet_estimate,
    krippendorff_alpha,
    mean_cohen,
    shared_tables,
    tabulate,
)

pytestmark = pytest.mark.once
DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
OURS = {"krippendorff_alpha", "krippendorff_alpha_nominal", "fleiss_kappa", "gwet_ac1", "gwet_ac2"}
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the development data is not beside the checkout")


def cases():
    if not DATA.is_dir():
        return
    for case in json.loads((DATA / "stats" / "cases.json").read_text()):
        for expected in case["expected"]:
            if not expected["statistic"].startswith("bradley_terry"):
                name = "-".join([case["id"], expected["statistic"], *expected["params"].values()])
                yield pytest.param(case, expected, id=name)


def ratings_of(case) -> list[Rating]:
    if case["layout"] == "triples":
        return [Rating(unit, rater, value, unit) for rater, unit, value in case["data"]]
    return [
        Rating(unit, rater, value, unit)
        for unit, row in enumerate(case["data"])
        for rater, value in enumerate(row)
        if value is not None
    ]


def counts_of(case):
    """Every rated unit, those rated once included, as Fleiss' and Gwet's marginals count them."""
    if case["layout"] == "counts":
        counts = np.array(case["data"], dtype=float)
        return counts, list(range(counts.shape[1]))
    rows = ratings_of(case)
    values = sorted({row.value for row in rows})
    said = Counter((row.unit, row.value) for row in rows)
    units = list(dict.fromkeys(row.unit for row in rows))
    return np.array([[said[unit, value] for value in values] for unit in units], dtype=float), values


def ours(case, statistic: str, params: dict[str, str], source: str) -> float | None:
    if statistic.startswith("cohen_kappa"):
        found = cohen_kappa(case["data"], params.get("weights"), student="irrCAC" in source)
        names = {"": "kappa", "_se": "se", "_ci95_low": "low", "_ci95_high": "high", "_z": "z"}
        return getattr(found, names[statistic.removeprefix("cohen_kappa")])
    if statistic.startswith("krippendorff_alpha"):
        table = tabulate(ratings_of(case))
        return krippendorff_alpha(table.counts, table.values, params.get("level", "nominal"))
    counts, values = counts_of(case)
    if statistic == "fleiss_kappa":
        return fleiss_kappa(counts)
    return gwet_ac(counts, values, params.get("weights"))


@pytest.mark.parametrize(("case", "expected"), cases())
def test_published_values_are_reproduced(case, expected):
    found = ours(case, expected["statistic"], expected["params"], expected["source"])
    assert found == pytest.approx(expected["value"], abs=0.5 * 10 ** -expected["decimals"])


# --- real ratings against other libraries ----------------------------------------------


def convabuse() -> list[Rating]:
    """Each rating is the step from 1 (not abusive) to -3 that was marked; a conversation is a unit."""
    steps = ["is_abuse.1", "is_abuse.0", "is_abuse.-1", "is_abuse.-2", "is_abuse.-3"]
    text = gzip.decompress((DATA / "ratings" / "convabuse.csv.gz").read_bytes()).decode()
    rows = []
    for row in csv.DictReader(io.StringIO(text)):
        marked = [int(step.split(".")[1]) for step in steps if row[step] == "1"]
        if len(marked) == 1:
            rows.append(Rating(row["conv_id"], row["annotator_id"], marked[0], row["bot"]))
    return rows


def crowdscale(num_questions: int) -> list[Rating]:
    text = gzip.decompress((DATA / "ratings" / "crowdscale_facts.tsv.gz").read_bytes()).decode()
    rows = [
        Rating(row["question"], row["rater"], int(row["judgment"]), row["question"])
        for row in csv.DictReader(io.StringIO(text), delimiter="\t")
    ]
    kept = set(list(dict.fromkeys(row.unit for row in rows))[:num_questions])
    return [row for row in rows if row.unit in kept]


def ukpconvarg() -> list[Rating]:
    votes = []
    with gzip.open(
        DATA / "prefs" / "ukpconvarg_pairs.jsonl.gz", "rt", encoding="utf-8", newline="\n"
    ) as file:
        for line in file:
            pair = json.loads(line)
            votes += [Rating(pair["pair_id"], v["worker"], v["value"], pair["topic"]) for v in pair["votes"]]
    return votes


SETS = {"convabuse": convabuse, "crowdscale": lambda: crowdscale(10**9), "ukpconvarg": ukpconvarg}


@needs_data
@pytest.mark.parametrize("name", SETS)
def test_alpha_equals_nltks_on_real_ratings(name):
    from nltk.metrics.agreement import AnnotationTask

    rows = last_of_each(SETS[name]())
    several = {unit for unit, n in Counter(row.unit for row in rows).items() if n > 1}
    rows = [row for row in rows if row.unit in several]
    table = tabulate(rows)
    # nltk looks through all rows for each unit: it gets a part.
    part = set(list(dict.fromkeys(row.unit for row in rows))[:400])
    few = [row for row in rows if row.unit in part]
    small = tabulate(few)
    peer = AnnotationTask(data=[(str(row.rater), str(row.unit), row.value) for row in few])
    assert krippendorff_alpha(small.counts, small.values, "nominal") == pytest.approx(peer.alpha(), abs=1e-9)
    assert len(table.counts) == len(several)
    if name == "convabuse":
        peer = AnnotationTask(
            data=[(str(row.rater), str(row.unit), row.value) for row in few],
            distance=lambda a, b: float(a - b) ** 2,
        )
        assert krippendorff_alpha(small.counts, small.values, "interval") == pytest.approx(
            peer.alpha(), abs=1e-9
        )


@needs_data
@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_alpha_equals_another_librarys_on_the_whole_matrix_of_raters_by_units(name, level):
    """Ours counts how often each value was given and asks evalica; krippendorff, which shares no
    code with it, sees who gave what, with gaps."""
    import krippendorff

    rows = last_of_each(SETS[name]())[:20_000]
    if isinstance(rows[0].value, str):
        rows = [row._replace(value={"a1": -1, "equal": 0, "a2": 1}[row.value]) for row in rows]
    raters = {rater: i for i, rater in enumerate(dict.fromkeys(row.rater for row in rows))}
    units = {unit: i for i, unit in enumerate(dict.fromkeys(row.unit for row in rows))}
    matrix = np.full((len(raters), len(units)), np.nan)
    for row in rows:
        matrix[raters[row.rater], units[row.unit]] = row.value
    table = tabulate(rows)
    expected = krippendorff.alpha(reliability_data=matrix, level_of_measurement=level)
    assert krippendorff_alpha(table.counts, table.values, level) == pytest.approx(expected, abs=1e-9)


@needs_data
@pytest.mark.parametrize("name", ["convabuse", "crowdscale"])
def test_cohen_equals_scikit_learns_on_real_ratings(name):
    from sklearn.metrics import cohen_kappa_score

    rows = last_of_each(SETS[name]())
    pairs, _ = shared_tables(rows, limit=5)
    assert pairs
    said: dict = {}
    for row in rows:
        said.setdefault(row.rater, {})[row.unit] = row.value
    for pair in pairs:
        a, b = (said[rater] for rater in pair.raters)
        both = sorted(a.keys() & b.keys())
        assert pair.n == len(both)
        peer = cohen_kappa_score([a[unit] for unit in both], [b[unit] for unit in both])
        assert cohen_estimate(pair).value == pytest.approx(peer, abs=1e-9)


@needs_data
@pytest.mark.parametrize("name", SETS)
def test_our_fleiss_equals_statsmodels_on_units_with_equally_many_ratings(name):
    from statsmodels.stats.inter_rater import aggregate_raters
    from statsmodels.stats.inter_rater import fleiss_kappa as peer

    by_unit: dict = {}
    for row in last_of_each(SETS[name]()):
        by_unit.setdefault(row.unit, []).append(row)
    size = Counter(len(rows) for rows in by_unit.values() if len(rows) > 1).most_common(1)[0][0]
    full = [rows for rows in by_unit.values() if len(rows) == size]
    matrix, _ = aggregate_raters([[str(row.value) for row in rows] for rows in full])
    table = tabulate(row for rows in full for row in rows)
    assert fleiss_with_gaps(table.counts) == pytest.approx(peer(matrix), abs=1e-9)


@needs_data
@pytest.mark.parametrize("name", SETS)
def test_our_fleiss_with_gaps_is_what_its_definition_says_of_pairs_of_people(name):
    """By hand, from the votes: two people drawn from a unit, and a person drawn from a unit drawn."""
    by_unit: dict = {}
    for row in last_of_each(SETS[name]())[:3000]:
        by_unit.setdefault(row.unit, []).append(row.value)
    several = [said for said in by_unit.values() if len(said) > 1]
    assert len({len(said) for said in several}) > 1
    agreed = fmean(fmean(a == b for a, b in combinations(said, 2)) for said in several)
    values = {value for said in several for value in said}
    shares = [fmean(said.count(value) / len(said) for said in several) for value in values]
    chance = sum(share**2 for share in shares)
    table = tabulate(Rating(unit, i, v, unit) for unit, said in by_unit.items() for i, v in enumerate(said))
    assert fleiss_kappa(table.counts) == pytest.approx((agreed - chance) / (1 - chance), abs=1e-9)


def last_of_each(rows: list[Rating]) -> list[Rating]:
    """Where somebody rated a unit twice, the later rating."""
    return list({(row.unit, row.rater): row for row in rows}.values())


# --- intervals -------------------------------------------------------------------------


def simulated(seed: int, *, num_prompts: int = 60, right: float = 0.8) -> list[Rating]:
    """Three raters, three pairs a prompt; everybody is right with the same probability."""
    rng = random.Random(seed)
    rows = []
    for prompt in range(num_prompts):
        for pair in range(3):
            truth = rng.choice([-1, 1])
            rows += [
                Rating((prompt, pair), rater, truth if rng.random() < right else -truth, prompt)
                for rater in "abc"
            ]
    return rows


def test_intervals_are_the_same_for_the_same_seed_and_hold_the_value():
    table = tabulate(simulated(1))
    one, again = alpha_estimate(table, "nominal"), alpha_estimate(table, "nominal")
    assert one == again
    assert one.low < one.value < one.high
    assert (one.n, one.method) == (180, "cluster bootstrap")
    assert alpha_estimate(table, "nominal", seed=2).low != one.low


def test_the_interval_covers_the_true_alpha_about_as_often_as_it_says():
    """Of people right with probability p, alpha tends to (2p − 1)²."""
    covered = 0
    for seed in range(40):
        found = alpha_estimate(tabulate(simulated(seed, num_prompts=40)), "nominal", resamples=150)
        covered += found.low <= 0.36 <= found.high
    assert covered >= 34


def test_units_of_one_prompt_that_go_together_widen_the_interval():
    rng = random.Random(3)
    rows = []
    for prompt in range(40):
        agree = rng.random() < 0.5  # a prompt is clear or it is not
        for pair in range(8):
            rows += [Rating((prompt, pair), r, 1 if agree else rng.choice([-1, 1]), prompt) for r in "abc"]
            rows += [
                Rating((prompt, -pair - 1), r, -1 if agree else rng.choice([-1, 1]), prompt) for r in "abc"
            ]
    clustered = alpha_estimate(tabulate(rows), "nominal")
    alone = alpha_estimate(tabulate(row._replace(cluster=row.unit) for row in rows), "nominal")
    assert clustered.high - clustered.low > 1.5 * (alone.high - alone.low)


def test_fleiss_gwet_and_the_mean_cohen_have_intervals_too():
    rows = simulated(4)
    fleiss, gwet = fleiss_estimate(tabulate(rows)), gwet_estimate(tabulate(rows))
    pairs, num_clusters = shared_tables(rows)
    cohen = mean_cohen(pairs, num_clusters)
    assert [pair.raters for pair in pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    for found in (fleiss, gwet, cohen):
        assert found.low < found.value < found.high
    assert cohen.value == pytest.approx(fleiss.value, abs=0.05)


def test_gwet_holds_up_where_nearly_everybody_says_one_thing():
    rows = [Rating(unit, rater, 1, unit) for unit in range(60) for rater in "abc"]
    rows += [
        Rating(60 + unit, rater, 0 if rater == "abc"[unit] else 1, unit)
        for unit in range(3)
        for rater in "abc"
    ]
    table = tabulate(rows)
    assert fleiss_estimate(table).value < 0 < 0.95 < gwet_estimate(table).value


def test_nothing_rated_twice_gives_no_number():
    table = tabulate([Rating(1, "a", 1, 1), Rating(2, "b", 0, 2)])
    assert alpha_estimate(table, "nominal").value is None
    assert fleiss_estimate(table).value is None
    assert mean_cohen(*shared_tables([Rating(1, "a", 1, 1)])).value is None


def test_one_prompt_gives_a_number_without_an_interval():
    found = alpha_estimate(tabulate(Rating(u, r, u % 2, "p") for u in range(4) for r in "ab"), "nominal")
    assert (found.value, found.low, found.high) == (1.0, None, None)
