"""What mkdocs is told beyond mkdocs.yml: the generated pages, links to them, and a table of contents without gaps."""

from pathlib import Path
from typing import Any

import site_pages
import source_links
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

FIRST = (
    "index.md", "setup.md", "tutorial.md", "sweeps.md", "commands.md", "your-own-parts.md", "compared-with.md",
)  # fmt: skip


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put every page into the table of contents: those written by hand, then those that are generated."""
    by_hand = sorted(path.name for path in Path(config.docs_dir).glob("*.md"))
    generated = site_pages.pages()
    guides = [name for name in by_hand if name not in FIRST]
    parts: list[Any] = [
        {kind.title: [uri for uri in generated if uri.startswith(f"parts/{kind.folder}/")]} for kind in site_pages.KINDS
    ]
    reference = [uri for uri in generated if uri.startswith("reference/")]
    config.nav = [*FIRST, {"Guides": guides}, {"Parts": parts}, {"Reference": reference}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    for uri, text in site_pages.pages().items():
        files.append(File.generated(config, uri, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links into the source to the generated pages that stand for it."""
    return source_links.in_site(markdown)
