"""The pictures of a report in README: a small study's page as a browser draws it, its first sections and the whole.

``python -m benchmarks.report_picture FIRST.png WHOLE.png`` sweeps five schemes under four adversaries in a study of its
own, writes its report and takes the pictures with Chromium. ``--study FOLDER`` takes that study instead.
"""

import argparse
import io
import subprocess
import sys
import tempfile
from pathlib import Path

from aspis_sim.files import write_whole
from aspis_sim.report.page import page
from aspis_sim.report.source import opened
from tests.report.driven import Browser

SWEEP = "--q 0..4 --attack strong,frame-up --payload alie,constant --steps 100 --seeds 0..4"
WIDTH = 1100
NEXT = "heat"
"""The section before which the first picture ends."""


def main() -> None:
    """Make the study unless one is given, and draw its page twice."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=Path)
    parser.add_argument("whole", type=Path)
    parser.add_argument("--study", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        study = given.study or Path(folder) / "demo"
        if given.study is None:
            words = ["sweep", "--study", str(study), *SWEEP.split()]
            subprocess.run([sys.executable, "-m", "aspis_sim_cli", *words], check=True, stdout=subprocess.DEVNULL)
        shown = Path(folder) / "report.html"
        with opened(study) as data:
            shown.write_text(page(data), encoding="utf-8")
        with Browser() as browser:
            browser.show(shown, WIDTH)
            cut = browser.ask(f"document.getElementById('{NEXT}').getBoundingClientRect().top + scrollY")
            write_whole(given.first, _smaller(browser.picture(int(cut))))
            write_whole(given.whole, _smaller(browser.picture()))


def _smaller(content: bytes) -> bytes:
    """A PNG file with 256 colours, a third in size."""
    from PIL import Image

    file = io.BytesIO()
    with Image.open(io.BytesIO(content)) as image:
        image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(file, "png", optimize=True)
    return file.getvalue()


if __name__ == "__main__":
    main()
