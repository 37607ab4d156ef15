"""The order of the schemes under their worst adversary: what it rests on, and which steps of it are shown."""

import pytest

from aspis_sim.analysis.headline import worst_cases, worst_over_adversaries
from aspis_sim.analysis.ranking import order_at, ranked
from aspis_sim.analysis.statistics import holm, paired
from aspis_sim.analysis.tables import tables_of
from tests.report.studies import row_of, rows_of

TOPS = {
    "aspis": (0.90, 0.92, 0.91, 0.93, 0.90),
    "detox": (0.80, 0.81, 0.82, 0.80, 0.83),
    "median": (0.78, 0.85, 0.79, 0.81, 0.80),
}


def rows():
    for scheme, tops in TOPS.items():
        for seed, top1 in enumerate(tops):
            for payload, drop in (("alie", 0.0), ("constant", 0.1)):
                found = top1 - drop * (scheme != "aspis")
                yield row_of(scheme=scheme, payload=payload, seed=seed, top1=found, rule=scheme)


def test_the_order_is_by_the_worst_over_payloads_and_its_steps_are_tested_with_holm():
    (worst,) = worst_over_adversaries(tables_of(list(rows())))
    assert worst.title.startswith("worst over 2 adversaries, K=15, r=3, digits, mlp, 40 steps")
    ranks = ranked(worst)
    assert [one.scheme.split(" ")[0] for one in ranks] == ["aspis", "detox", "median"]
    assert [one.under for one in ranks] == ["strong, alie 1", "strong, constant 1", "strong, constant 1"]
    wide = paired(TOPS["aspis"], [top1 - 0.1 for top1 in TOPS["detox"]])
    close = paired(TOPS["detox"], TOPS["median"])
    expected = holm([one.p_t or 0.0 for one in (wide, close)])
    assert [one.p_holm for one in ranks] == [None, pytest.approx(expected[0]), pytest.approx(expected[1])]
    assert [one.sign for one in ranks] == ["", ">", "~"]
    assert ranks[1].points == pytest.approx(100 * wide.mean)
    assert [part.split(" ")[0] for part in order_at(ranks, 1)] == ["aspis", ">", "~"]


def test_one_payload_has_no_worst_over_payloads_and_one_seed_shows_nothing():
    tables = tables_of(rows_of(seeds=(0,)))
    assert worst_over_adversaries(tables) == ()
    (worst,) = worst_cases(tables)
    assert (worst.count, worst.fewer) == (2, ())
    assert [one.sign for one in ranked(worst)] == ["", "~"] * 3


def test_a_scheme_that_met_fewer_adversaries_is_named():
    rows = [row for row in rows_of(payloads=("alie", "constant")) if (row.scheme, row.payload) != ("detox", "alie")]
    (worst,) = worst_cases(tables_of(rows))
    assert worst.fewer == (("detox", 2),)
