"""Bad input: exit code 2 and one or two lines that say what is wrong and what would work, before any training."""

import pytest

from aspis_sim.simulation import program
from tests.cli.program import invoke, refused

CASES = {
    "q too large": ("sweep --q 1..8", r"q=8 of K=15", "at most 7"),
    "even r": ("sweep --redundancy 4", "redundancy 4 is even", "3 or 5"),
    "r above K": ("sweep --workers 3 --q 1 --redundancy 5", "redundancy 5", "3"),
    "r does not divide K": ("sweep --workers 16 --scheme detox", "16", "15"),
    "no MOLS": ("sweep --workers 18 --scheme byzshield", "prime power", "15"),
    "fewer samples than files in a batch": (
        "sweep --protocol batch --batch-size 100",
        "455 files",
        "at least 455",
    ),
    "fewer samples than files in the data": ("sweep --workers 33 --scheme aspis", "5,456 files", "1,259"),
    "unknown scheme": ("sweep --scheme aspsi", "unknown scheme 'aspsi'", "did you mean aspis"),
    "unknown payload": ("sweep --payload alei", "unknown payload 'alei'", "did you mean alie"),
    "unknown attack": ("sweep --attack strnog", "unknown attack 'strnog'", "did you mean strong"),
    "unknown data set": ("sweep --dataset digit", "unknown data set 'digit'", "did you mean digits"),
    "unknown model": ("sweep --model mpl", "unknown model 'mpl'", "did you mean mlp"),
    "unknown rule": ("sweep --aggregator medain", "unknown rule 'medain'", "did you mean median"),
    "unknown rule of two": ("sweep --aggregator median,kurm", "unknown rule 'kurm'", "did you mean krum"),
    "rates to one run": (
        "train --momentum 0,0.9",
        "--momentum 0, 0.9: a single run takes one value of momentum",
        "use a sweep for several",
    ),
    "places to one run": (
        "train --scheme aspis+ --permute --no-permute",
        "--permute true, false: a single run takes one value of permute",
        "use a sweep for several",
    ),
    "too many cells": (
        "sweep --q 1..7 --scheme aspis,median --seeds 0..9999",
        "140,000 cells (2 scheme, 7 q, 10,000 seed), more than 100,000",
        "--yes",
    ),
    "unknown protocol": ("sweep --protocol file", "unknown protocol 'file'", "did you mean files"),
    "unknown detector": ("sweep --detector clic", "unknown detector 'clic'", "did you mean clique"),
    "reversed range": ("sweep --q 7..1", "the range is reversed", "1..7"),
    "subset too large": ("sweep --workers 100 --redundancy 5 --scheme aspis --q 1", "75,287,520", "GiB"),
    "no such folder": (
        "sweep --out /proc/nowhere/x.csv",
        "cannot write /proc/nowhere/x.csv",
        "No such file or directory (/proc/nowhere)",
    ),
    "a folder as file": (
        "sweep --out /tmp.csv/../tmp",
        "cannot write /tmp.csv/../tmp",
        "it is a folder; name a file in it",
    ),
    "another format": ("sweep --out results.xlsx", "results.xlsx", ".csv or .json"),
    "no steps": ("sweep --steps 0", "0 steps", "at least 1"),
    "no rate": ("sweep --lr 0", "learning rate 0.0", "positive"),
    "negative seed": ("sweep --seeds=-1", "seed -1 is negative", "0 or more"),
    "too many framed": ("sweep --attack frame-up --q 3 --framed 3", "3 framed workers with q=3", "0 to 2"),
    "batch size elsewhere": ("sweep --batch-size 900", "batch size of 900", "--protocol batch"),
    "unknown compute": ("train --compute sharde", "unknown way to compute 'sharde'", "did you mean shared"),
    "unknown after-detection": ("train --after-detection averag", "averag", "did you mean average"),
    "curve": ("train --every 0", "--every 0", "1 or more"),
    "random workers": (
        "sweep --scheme byzshield --adversary-window 50",
        "attack strong chooses its workers by the assignment mols",
        "weak or majority",
    ),
    "changing places": ("train --scheme aspis+ --attack frame-up", "attack frame-up chooses files", "--no-permute"),
    "no window": ("train --scheme aspis+ --detection-window 0", "--detection-window 0", "1 or more"),
    "memory": ("train --memory lots", "--memory lots: not a size", "2GB"),
    "devices": ("train --devices 0", "0 devices", "at least 1"),
}


@pytest.mark.parametrize("words", CASES.values(), ids=CASES.keys())
def test_bad_input_ends_with_2_and_says_what_would_work(words, monkeypatch):
    command, wrong, remedy = words
    monkeypatch.setattr(program, "_build", lambda shape: pytest.fail("training was prepared"))
    said = refused(command)
    assert wrong in said
    assert remedy in said


def test_an_option_that_does_not_exist_ends_with_2():
    assert "--attack" in invoke("sweep --atack strong", code=2).stderr
