"""How Sphinx builds the pages: ``nox -s docs``."""

from theirstack_async import __version__

project = "theirstack-async"
copyright = "theirstack-async contributors"  # noqa: A001 - Sphinx's name for it
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
nitpicky = False  # the annotations name classes of libraries whose pages are not read while building

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_class_signature = "separated"

html_theme = "furo"
html_title = "theirstack-async"
