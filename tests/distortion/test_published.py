"""Ours beside the published tables, without the cells whose search takes a while."""

import pytest
from aspis_sim_cli.render.published_table import notes

from aspis_sim.distortion import published
from aspis_sim.distortion.published import Cell


@pytest.fixture(scope="module")
def quick_cells(tmp_path_factory):
    """All cells but those of `mols` and `ramanujan-2` with K above 15."""
    folder = tmp_path_factory.mktemp("published")
    for name, column in (("distortion.csv", "byzshield"), ("byzshield_worst_case.csv", "")):
        lines = (published.FOLDER / name).read_text().splitlines()
        kept = [line for line in lines if column not in line or line.startswith("15,") or ",15," in line]
        if not column:
            kept = [line for line in lines if line.startswith(("assignment", "mols,15,"))]
        (folder / name).write_text("\n".join(kept))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(published, "FOLDER", folder)
        return list(published.compare())


def test_the_quick_cells_agree_but_for_the_weak_errata(quick_cells):
    assert len(quick_cells) == 131 + 6
    wrong = [cell for cell in quick_cells if not cell.agrees]
    assert [(c.scheme, c.workers, c.attack, c.q, c.distorted) for c in wrong] == [
        ("aspis", 15, "weak", 2, 0),
        ("aspis", 21, "weak", 2, 0),
    ]
    assert all("C(2,3) = 0" in cell.erratum for cell in wrong)
    assert all(cell.explained for cell in quick_cells)


def test_the_notes_name_errata_and_reasons(quick_cells):
    _, counts, erratum = notes(quick_cells)
    assert counts == "135 of 137 published cells agree; 2 known errata; 0 not explained."
    assert "erratum, aspis K=15 weak q=2, aspis K=21 weak q=2: " in erratum


def test_a_disagreement_without_a_reason_is_called_one():
    cell = Cell("byzshield", "mols", 15, 3, "strong", 2, "2", 1, 1, 25, "exhaustive", False, "")
    assert not cell.explained
    assert [*notes([cell])][2] == "✗? disagreement, mols K=15 strong q=2: not explained. Ours: 1 of 25 files."
