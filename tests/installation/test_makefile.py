"""What `make` installs for whom, and what it does about an environment that is not whole; nothing is installed here."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEMO, ALL = "-e .", "-e '.[dev]'"

PYTHON = """\
#!/bin/sh
# Stands for the Python of an environment: it has pip once there is a file of that name beside it.
here=$(dirname "$0")
echo "$*" >> calls
case "$*" in
    "-m pip --version") test -e "$here/pip" ;;
    "-m ensurepip --upgrade") test ! -e "$here/damaged" && touch "$here/pip" ;;
esac
"""

NEW = """\
#!/bin/sh
# Stands for the Python that makes environments.
echo "new: $*" >> calls
rm -rf .venv
mkdir -p .venv/bin
cp python.sh .venv/bin/python
touch .venv/bin/pip
"""

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture
def checkout(tmp_path):
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    for name, text in {"python.sh": PYTHON, "new.sh": NEW}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    return tmp_path


def make(folder, *words):
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    done = subprocess.run(["make", *words], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def installs(shown):
    return [line.partition("constraints.txt ")[2] for line in shown.splitlines() if " pip install " in line]


def test_the_demo_installs_the_package_alone_and_every_other_target_all_that_it_needs(checkout):
    assert installs(make(checkout, "-n", "demo")) == [DEMO]
    for target in ("test", "lint", "format", "bench", "gpu", "docs"):
        assert installs(make(checkout, "-n", target)) == [ALL], target
    assert make(checkout, "-n", "demo").rstrip().endswith("/aspis-sim sweep --q 1..7 --attack strong")


def test_what_is_installed_is_not_installed_again(checkout):
    make(checkout, ".venv/.ready-demo", "PYTHON=./new.sh")
    assert installs(make(checkout, "-n", "demo")) == []
    assert installs(make(checkout, "-n", "test")) == [ALL]
    make(checkout, ".venv/.ready", "PYTHON=./new.sh")
    assert installs(make(checkout, "-n", "demo", "test", "docs")) == []
    os.utime(checkout / "pyproject.toml", (2**32, 2**32))
    assert installs(make(checkout, "-n", "demo", "test")) == [DEMO, ALL]


@pytest.mark.parametrize("stamp", [".venv/.ready-demo", ".venv/.ready"])
@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ([], ["new"]),
        (["python"], ["-m ensurepip"]),
        (["python", "damaged"], ["-m ensurepip", "new"]),
        (["python", "pip"], []),
    ],
    ids=["none", "without pip", "beyond mending", "whole"],
)
def test_an_environment_without_pip_is_mended_before_anything_is_installed(checkout, stamp, there, expected):
    (checkout / ".venv/bin").mkdir(parents=True)
    for name in there:
        shutil.copy(checkout / "python.sh", checkout / ".venv/bin" / name)
    make(checkout, stamp, "PYTHON=./new.sh")
    calls = (checkout / "calls").read_text().splitlines()
    mended = [one for one in calls if one.startswith(("new: -m venv --clear", "-m ensurepip"))]
    assert [one.split(" --")[0].split(":")[0] for one in mended] == expected
    assert calls[-1].startswith("-m pip install ")
    assert (checkout / ".venv/.ready-demo").is_file()
