"""How the pages are built: ``sphinx-build -W docs docs/_build/html``. Nothing is fetched from the network."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx import addnodes

import theirstack_async
from theirstack_async.filters import Part
from theirstack_async.filters._kinds import rules

project = "theirstack-async"
author = "theirstack-async contributors"
project_copyright = author
version = release = theirstack_async.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"theirstack-async {version}"
html_show_copyright = False
html_static_path = ["_static"]
html_css_files = ["custom.css"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88
python_use_unqualified_type_names = True

nitpicky = True
nitpick_ignore_regex = [
    # Other projects' pages are not read while building, which needs no network.
    ("py:.*", r"(?!theirstack_async\.).*"),
    # Types in signatures that are not public: their names say enough.
    ("py:class", r"theirstack_async\.(\w+\.)*_\w+\.\w+"),
    ("py:class", r"theirstack_async\.pagination\.T"),
    ("py:class", r"theirstack_async\.testing\.options\.OptionKwargs"),
    ("py:class", r"theirstack_async\.testing\.bitgo\.server\.MannerKwargs"),
    ("py:class", r"theirstack_async\.testing\.replay_world\.I"),
]


def find_public(app: Any, env: Any, node: Any, text: nodes.Element) -> nodes.Element | None:
    """Resolve a name to the place that users import it from, wherever it is defined or mentioned."""
    name = str(node.get("reftarget", "")).removeprefix("~").split("theirstack_async.")[-1]
    parts = name.split(".")
    for depth in range(len(parts)):
        for home in ("theirstack_async", "theirstack_async.testing"):
            target = ".".join([home, *parts[depth:]])
            found = env.domains["py"].objects.get(target)
            if found is not None:
                builder, page = app.builder, node.get("refdoc", "index")
                uri = builder.get_relative_uri(page, found.docname) + f"#{found.node_id}"
                link = nodes.reference("", "", internal=True, refuri=uri, reftitle=target)
                link += text
                return link
    return None


def keep_colons(app: Any, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:
    """Keep napoleon from taking "a price: 1 credit" for a type and its meaning, as it does in the first line."""
    if what in ("attribute", "property", "data"):
        lines.insert(0, "\\")  # shows nothing


def show_what_filters_take(app: Any, domain: str, objtype: str, content: nodes.Element) -> None:
    """Show the type that a field of a filter is given as, instead of how it is checked."""
    signature = content.parent[0]
    cls, _, field = str(signature.get("fullname")).rpartition(".")
    part = getattr(theirstack_async, cls, None)
    if not (isinstance(part, type) and issubclass(part, Part) and field in rules(part)):
        return
    for annotation in [*signature.findall(addnodes.desc_annotation)]:
        annotation.parent.remove(annotation)
    accepts = rules(part)[field].kind.accepts.replace("Many[", "list[")
    signature += addnodes.desc_annotation("", f": {accepts}")


def leave_type_alone(app: Any, doctree: nodes.document) -> None:
    """Do not look for the built-in ``type`` among our names: several fields are called so, and none is meant."""
    for reference in [*doctree.findall(addnodes.pending_xref)]:
        if reference.get("reftarget") == "type" and reference.get("reftype") == "class":
            reference.replace_self(nodes.Text("type"))


def setup(app: Any) -> None:
    app.connect("missing-reference", find_public)
    app.connect("doctree-read", leave_type_alone)
    app.connect("autodoc-process-docstring", keep_colons, priority=400)
    app.connect("object-description-transform", show_what_filters_take)
