"""The wheel has all that the program needs, and what is said about the package is the same wherever it stands."""

import re
import tomllib
import zipfile
from pathlib import Path

import pytest

import aspis_sim

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    hatchling = pytest.importorskip("hatchling.builders.wheel")
    (found,) = hatchling.WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("dist")))
    return Path(found)


def test_the_wheel_has_every_file_of_the_packages_and_says_who_may_use_it(wheel):
    with zipfile.ZipFile(wheel) as archive:
        there = set(archive.namelist())
        (name,) = (name for name in there if name.endswith(".dist-info/METADATA"))
        told = archive.read(name).decode()
    expected = {
        str(path.relative_to(parent))
        for parent, package in ((ROOT, "aspis_sim"), (ROOT / "cli", "aspis_sim_cli"))
        for path in (parent / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert len(expected) > 300
    assert {name for name in there if ".dist-info/" not in name} == expected
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"Summary: {project['description']}\n" in told
    assert all(f"Classifier: {one}\n" in told for one in project["classifiers"])


def test_the_version_is_the_same_wherever_it_stands():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    cited = re.search(r"(?m)^version: (.*)$", (ROOT / "CITATION.cff").read_text())
    in_bibtex = re.search(r"(?m)^  version = \{(.*)\},$", (ROOT / "README.md").read_text())
    assert cited is not None
    assert in_bibtex is not None
    assert {project["version"], cited[1], in_bibtex[1]} == {aspis_sim.__version__}
