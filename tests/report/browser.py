"""What the tests of the report see of a page: its elements as a tree, what it logged, what it asked the network for."""

import shutil
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="needs Chromium (Debian: apt-get install chromium)")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass
class Node:
    """An element of the page as it stands after its scripts ran."""

    tag: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    children: "list[Node]" = field(default_factory=list)
    own: list[str] = field(default_factory=list)

    def all(self, tag=None, **attributes):
        """Descendants with this tag and these attributes (``class_`` is one of the classes)."""
        wanted_class = attributes.pop("class_", None)
        for child in self.children:
            classes = (child.attributes.get("class") or "").split()
            if (
                tag in (None, child.tag)
                and (wanted_class is None or wanted_class in classes)
                and all(child.attributes.get(name) == value for name, value in attributes.items())
            ):
                yield child
            yield from child.all(tag, **attributes, **({"class_": wanted_class} if wanted_class else {}))

    def one(self, tag=None, **attributes):
        """The only such descendant."""
        (found,) = self.all(tag, **attributes)
        return found

    def by_id(self, name):
        """The element with this id."""
        return self.one(id=name)

    @property
    def text(self):
        """All text in the element."""
        return "".join(self.own) + "".join(child.text for child in self.children)


class _Tree(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.root = Node("")
        self.open = [self.root]

    def handle_starttag(self, tag, attrs):
        node = Node(tag, dict(attrs))
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag):
        if any(node.tag == tag for node in self.open):
            while self.open.pop().tag != tag:
                pass

    def handle_data(self, data):
        self.open[-1].own.append(data)


@dataclass
class Opened:
    """What became of a page.

    Attributes:
        page: its elements.
        logged: what it wrote to the console, errors and violations of its policy included.
        requested: addresses that it asked the network for.
    """

    page: Node
    logged: list[str]
    requested: list[str]


def tree_of(html: str) -> Node:
    """The elements of a page."""
    tree = _Tree()
    tree.feed(html)
    return tree.root
