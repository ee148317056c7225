"""Write ``theirstack_async/filters/_kwargs.py`` from the filter classes: ``python tools/write_filter_kwargs.py``.

A type checker sees keyword arguments only where they are written out, so the fields are written twice, once by hand.
With ``--check`` nothing is written, and the exit code is 1 when the file is not what would be written.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

PACKAGE = "theirstack_async.filters"
CLASSES = ["NestedJobFilters", "TechFilters", "KeywordFilters", "JobFilters", "CompanyFilters"]
"""In an order in which each needs only those before it."""

HEAD = '''"""The filters as keyword arguments. Written by ``tools/write_filter_kwargs.py``; do not edit.

The annotations are evaluated at once, which is cheaper here: a typed dictionary compiles each that is a text.
"""

from datetime import date, datetime
from typing import TypedDict

from theirstack_async.filters._kinds import Many
from theirstack_async.filters.job_parts import JobExportKey, LocationFilter
from theirstack_async.filters.keywords import TechFilters
from theirstack_async.filters.nested_jobs import NestedJobFilters
from theirstack_async.filters.sorting import CompanySort, JobSort, KeywordSort
from theirstack_async.filters.values import CompanyProperty, CompanyType, JobProperty, NestedJobProperty
from theirstack_async.models import Confidence, EmploymentStatus, FundingStage, JobSeniority
'''


def source() -> str:
    """Return the text of the file."""
    # The package imports the file that is written here, so an empty one stands in for it, whatever is there now.
    stand_in = ModuleType(f"{PACKAGE}._kwargs")
    stand_in.__dict__.update({name_of(name): dict for name in CLASSES})
    sys.modules[stand_in.__name__] = stand_in
    package, kinds = importlib.import_module(PACKAGE), importlib.import_module(f"{PACKAGE}._kinds")
    return "\n\n".join([HEAD, *(typed_dict(name, kinds.rules(getattr(package, name))) for name in CLASSES)])


def name_of(name: str) -> str:
    """Return what the typed dictionary of a class is called: that of JobFilters is JobFilterKwargs."""
    return f"{name.removesuffix('s')}Kwargs"


def typed_dict(name: str, rules: dict[str, Any]) -> str:
    """Return the source of the typed dictionary of a class."""
    head = f'class {name_of(name)}(TypedDict, total=False):\n    """The arguments of :class:`.{name}`."""\n\n'
    return head + "".join(f"    {field}: {rule.kind.accepts}\n" for field, rule in rules.items())


def main(*arguments: str) -> int:
    """Write the file, or with ``--check`` compare it."""
    root = Path(__file__).parent.parent
    target = root.joinpath(*PACKAGE.split("."), "_kwargs.py")
    sys.path.insert(0, str(root))
    if arguments == ("--check",):
        same = target.read_text("utf-8") == source()
        print("up to date" if same else f"{target.name} is not up to date: run python tools/write_filter_kwargs.py")
        return 0 if same else 1
    if arguments:
        print(__doc__)
        return 2
    target.write_text(source(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
