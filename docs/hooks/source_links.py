"""Links of the pages to the source, which a checkout has, and to the generated pages, which the site has in its place.

A page in `docs/` links to the place in the source where the parts of a kind stand. In the site the link leads to the
overview of the kind, or, if its text is the name of a part, to the page of that part.
"""

import re

from part_kinds import KINDS

REFERENCE = {
    "../aspis_sim/spec/": "reference/settings.md",
    "../aspis_sim/run/row.py": "reference/columns.md",
    "../cli/aspis_sim_cli/commands/": "reference/commands.md",
    "../aspis_sim/front.py": "reference/python.md",
}
"""Place in the source, as a page links to it -> the generated page."""

FOLDERS = {
    "../aspis_sim/adversary/": "attacks",
    "../aspis_sim/adversary/payloads/": "payloads",
    "../aspis_sim/aggregation/": "rules",
    "../aspis_sim/assignment/": "assignments",
    "../aspis_sim/data/": "datasets",
    "../aspis_sim/detection/": "detectors",
    "../aspis_sim/models/": "models",
    "../aspis_sim/schemes.py": "schemes",
}
"""Place in the source -> the folder of the pages of its parts."""

PARTS = {kind.folder: kind.parts for kind in KINDS}


def in_site(markdown: str) -> str:
    """The text of a page with the links that it has in the site; one that stands in no table stays as it is."""
    return re.sub(r"\[([^\]]+)\]\((\.\./[^)\s]+)\)", _linked, markdown)


def _linked(link: re.Match[str]) -> str:
    text, place = link[1], link[2]
    if place in REFERENCE:
        return f"[{text}]({REFERENCE[place]})"
    if place not in FOLDERS:
        return link[0]
    folder = FOLDERS[place]
    page = text.strip("`") if text.strip("`") in PARTS[folder] else "index"
    return f"[{text}](parts/{folder}/{page}.md)"
