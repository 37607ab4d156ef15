"""Rows sorted into tables: what differs is never averaged, what is the same is, and a run counts once."""

import pytest

from aspis_sim.analysis.headline import worst_over_attacks
from aspis_sim.analysis.labels import overrides_of
from aspis_sim.analysis.summary import mean_of
from aspis_sim.analysis.tables import tables_of
from aspis_sim.report.style import styles
from tests.report.studies import row_of, rows_of

DETOX = {"scheme": "detox", "assignment": "repetition", "detector": "none", "after_detection": "average"}


def labels(tables):
    return [table.label for table in tables.tables]


def test_a_table_for_each_adversary_with_the_means_of_the_rows():
    rows = rows_of(payloads=("alie", "constant"))
    tables = tables_of(rows)
    assert labels(tables) == ["strong, alie 1", "strong, constant 1", "weak, alie 1", "weak, constant 1"]
    assert tables.schemes == ("aspis", "detox")
    assert tables.repeated == 0
    for table in tables.tables:
        assert table.q == (1, 2, 3)
        assert table.schemes == ("aspis", "detox")
        assert table.indices.keys() == table.entries.keys()
        for key, members in table.indices.items():
            assert table.entries[key].top1 == mean_of([rows[index].top1 for index in members])
            adversary = table.attack, table.payload.removesuffix(" 1")
            assert {(rows[i].scheme, rows[i].q, rows[i].attack, rows[i].payload) for i in members} == {
                (*key, *adversary)
            }
            assert [rows[index].seed for index in members] == [0, 1]
            assert list(table.entries[key].rows) == [rows[index] for index in members]


def test_a_scheme_without_redundancy_is_in_the_tables_of_every_redundancy():
    rows = list(rows_of(("aspis", "median"), attacks=("strong",)))
    rows += [row.replaced(redundancy=5) for row in rows if row.scheme == "aspis"]
    tables = tables_of(rows)
    assert [(table.context["redundancy"], table.schemes) for table in tables.tables] == [
        (3, ("aspis", "median")),
        (5, ("aspis", "median")),
    ]
    assert tables.tables[0].indices["median", 1] == tables.tables[1].indices["median", 1]
    assert tables.repeated == 0
    alone = tables_of([row for row in rows if row.scheme == "median"])
    assert [table.context["redundancy"] for table in alone.tables] == [1]


VARIANTS = {
    "momentum": (0.9, 0.5),
    "detector": ("clique", "unanimous"),
    "rule": ("median", "krum"),
    "permute": (False, True),
    "tolerance": (1e-5, 0.01),
    "convention": (None, "aspis"),
    "clip_server": (None, 2.5),
    "steps": (40, 99),
    "samples_per_file": (4, 8),
    "lr": (0.1, 0.2),
}


def written(value):
    return {None: "none", False: "false", True: "true"}.get(value, str(value))


@pytest.mark.parametrize("column", VARIANTS)
def test_runs_of_a_scheme_that_differ_become_several(column):
    values = VARIANTS[column]
    rows = [
        row_of(**{column: value}, seed=seed, top1=0.5 - 0.1 * place)
        for place, value in enumerate(values)
        for seed in (0, 1)
    ]
    tables = tables_of(rows)
    assert tables.schemes == tuple(f"aspis ({column}={written(value)})" for value in values)
    assert set(tables.scheme_of.values()) == {"aspis"}
    (table,) = tables.tables
    assert {key: members for (key, _), members in table.indices.items()} == dict(
        zip(tables.schemes, ((0, 1), (2, 3)), strict=True)
    )
    assert [table.entries[label, 1].top1 for label in table.schemes] == [mean_of([0.5, 0.5]), mean_of([0.4, 0.4])]
    assert table.common == ()
    assert tables.repeated == 0
    assert {table.family(label) for label in table.schemes} == {"aspis"}


def test_the_settings_that_tell_variants_apart_are_named_and_no_others():
    rows = [row_of(momentum=momentum, rule=rule) for momentum in (0.9, 0.5) for rule in ("median", "krum")]
    assert tables_of(rows).schemes == (
        "aspis (rule=median, momentum=0.9)",
        "aspis (rule=krum, momentum=0.9)",
        "aspis (rule=median, momentum=0.5)",
        "aspis (rule=krum, momentum=0.5)",
    )
    together = [row_of(), row_of(momentum=0.5, rule="krum")]
    assert tables_of(together).schemes == ("aspis (rule=median)", "aspis (rule=krum, momentum=0.5)")


OVERRIDES = {"momentum": (0.5, "0.5"), "detector": ("unanimous", "unanimous"), "rule": ("krum", "krum")}


@pytest.mark.parametrize("column", OVERRIDES)
def test_what_is_overridden_throughout_stands_in_the_title_and_else_in_the_label(column):
    value, text = OVERRIDES[column]
    both = [row_of(**{column: value}), row_of(**{**DETOX, column: value})]
    tables = tables_of(both)
    assert tables.schemes == ("aspis", "detox")
    (table,) = tables.tables
    assert table.title == f"attack strong, payload alie 1, K=15, r=3, digits, mlp, 40 steps, {column}={text}"
    assert table.common == (f"{column}={text}",)
    (usual,) = tables_of([row_of(), row_of(**DETOX)]).tables
    assert usual.title == "attack strong, payload alie 1, K=15, r=3, digits, mlp, 40 steps"
    mixed = tables_of([both[0], row_of(**DETOX)])
    assert mixed.schemes == (f"aspis ({column}={text})", "detox")
    assert mixed.tables[0].common == ()


def test_what_schemes_differ_in_by_themselves_is_not_named():
    rows = [
        row_of(),
        row_of(scheme="aspis+", assignment="bibd", detector="degree", permute=True),
        row_of(**DETOX),
        row_of(**DETOX | {"scheme": "draco-cyclic", "assignment": "cyclic", "rule": "average", "coding": "cyclic"}),
    ]
    assert tables_of(rows).schemes == ("aspis", "aspis+", "detox", "draco-cyclic")
    regression = row_of(dataset="linear-regression:samples=100", model="linear", momentum=0.0, top1=None)
    tables = tables_of([regression])
    assert tables.schemes == ("aspis",)
    assert tables.tables[0].title.endswith("linear-regression:samples=100, linear, 40 steps")


def test_of_a_scheme_that_is_not_registered_here_only_what_it_does_not_decide_is_an_override():
    own = {"scheme": "of a plugin", "assignment": "mols", "detector": "degree", "rule": "krum", "permute": True}
    assert tables_of([row_of(**own)]).tables[0].common == ()
    assert tables_of([row_of(), row_of(**own)]).schemes == ("aspis", "of a plugin")
    assert tables_of([row_of(), row_of(**own, momentum=0.5)]).schemes == ("aspis", "of a plugin (momentum=0.5)")
    assert tables_of([row_of(**own, momentum=0.5)]).tables[0].common == ("momentum=0.5",)
    both = [row_of(**own), row_of(**{**own, "rule": "median"})]
    assert tables_of(both).schemes == ("of a plugin (rule=krum)", "of a plugin (rule=median)")


def test_a_scheme_has_one_label_under_every_adversary_that_it_met():
    rows = [row_of(momentum=0.5, attack=attack) for attack in ("strong", "weak")]
    tables = tables_of([*rows, row_of(**DETOX)])
    assert tables.schemes == ("aspis (momentum=0.5)", "detox")
    assert [table.schemes for table in tables.tables] == [("aspis (momentum=0.5)", "detox"), ("aspis (momentum=0.5)",)]
    assert [table.common for table in tables.tables] == [(), ()]


def test_settings_of_the_adversary_and_of_the_context_stand_in_tables_of_their_own():
    rows = [row_of(), row_of(adversary_window=20), row_of(precision="float64"), row_of(attack="frame-up:1", framed=1)]
    tables = tables_of(rows)
    assert tables.schemes == ("aspis",)
    assert labels(tables) == [
        "strong, alie 1",
        "strong, alie 1, adversary_window=20",
        "strong, alie 1",
        "frame-up:1, alie 1",
    ]
    assert tables.tables[1].title.endswith("40 steps, adversary_window=20")
    assert tables.tables[2].title.endswith("40 steps, precision=float64")
    assert [context.label for context in tables.contexts] == [
        "digits, mlp, K=15, r=3, 40 steps, protocol files",
        "digits, mlp, K=15, r=3, 40 steps, protocol files, precision=float64",
    ]


def test_how_long_was_trained_is_said_of_the_rows_of_a_table():
    rows = [row_of(), row_of(**DETOX, steps=99)]
    tables = tables_of(rows)
    assert tables.schemes == ("aspis", "detox")
    assert tables.tables[0].title.endswith("mlp, 40 to 99 steps")


def test_everything_in_which_a_row_is_not_as_by_itself_can_be_told():
    assert overrides_of(row_of(steps=300)) == ()
    assert overrides_of(row_of(steps=300, momentum=0.5, adversary_window=3, precision="float64", rule="krum")) == (
        "precision=float64",
        "adversary_window=3",
        "rule=krum",
        "momentum=0.5",
    )


def test_a_rate_that_was_chosen_for_each_q_makes_no_other_scheme():
    tables = tables_of([row_of(q=1, lr=0.1), row_of(q=2, lr=0.03)])
    assert tables.schemes == ("aspis",)


def test_a_strength_that_follows_from_q_is_no_other_adversary():
    follows = [row_of(q=q, strength=0.5 + 0.1 * q) for q in (1, 2, 3)]
    assert labels(tables_of(follows)) == ["strong, alie"]
    swept = [row_of(q=q, strength=strength) for q in (1, 2) for strength in (1.0, 1.5)]
    assert labels(tables_of(swept)) == ["strong, alie 1", "strong, alie 1.5"]


def test_a_repeated_run_counts_once_and_the_last_one():
    rows = [row_of(top1=0.5), row_of(seed=1, top1=0.6), row_of(top1=0.7)]
    tables = tables_of(rows)
    assert tables.repeated == 1
    assert tables.tables[0].entries["aspis", 1].top1 == mean_of([0.7, 0.6])


def test_failed_runs_are_counted_and_not_averaged():
    rows = [row_of(top1=0.5), row_of(seed=1, top1=None, loss=None, status="failed: ValueError: no")]
    entry = tables_of(rows).tables[0].entries["aspis", 1]
    assert (len(entry.rows), len(entry.failed)) == (1, 1)
    assert entry.top1 == mean_of([0.5])


def test_a_run_without_classes_has_results_and_no_accuracy():
    entry = tables_of([row_of(top1=None)]).tables[0].entries["aspis", 1]
    assert (len(entry.rows), len(entry.failed), entry.top1) == (1, 0, None)


def test_the_worst_case_over_attacks():
    (worst,) = worst_over_attacks(tables_of(rows_of()))
    assert worst.table.context["redundancy"] == 3
    assert {attack for attack, _ in worst.entries.values()} == {"strong"}
    assert worst.schemes == ("aspis", "detox")
    assert worst_over_attacks(tables_of(rows_of(attacks=("strong",)))) == ()
    windows = [row_of(attack=attack, adversary_window=window) for attack in ("strong", "weak") for window in (5, 9)]
    assert [worst.title for worst in worst_over_attacks(tables_of(windows))] == [
        f"worst over attacks, payload alie 1, K=15, r=3, digits, mlp, 40 steps, adversary_window={window}"
        for window in (5, 9)
    ]


def looks(names):
    return styles({name: name for name in names})


def test_every_scheme_of_a_study_looks_different_and_presets_look_the_same_everywhere():
    many = ["mine", "aspis", *(f"other {number}" for number in range(40))]
    shown = looks(many)
    assert len({(look.colour, look.marker, look.dash) for look in shown.values()}) == len(many)
    assert list(shown) == many
    usual = ("aspis", "aspis-certified", "byzshield", "detox", "median")
    assert len({look.colour for look in looks(usual).values()}) == len(usual)
    assert looks(("detox", "aspis"))["aspis"] == looks(usual)["aspis"] == shown["aspis"]
    variants = styles({"aspis (rule=krum)": "aspis", "aspis (rule=median)": "aspis", "detox": "detox"})
    assert len({(look.colour, look.marker, look.dash) for look in variants.values()}) == 3
    assert variants["detox"] == looks(usual)["detox"]
