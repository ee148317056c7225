"""Write ``theirstack_async/filters/_kwargs.py`` from the filter classes: ``python tools/write_filter_kwargs.py``.

A type checker sees keyword arguments only where they are written out, so the fields are written twice, once by hand.
With ``--check`` nothing is written, and the exit code is 1 when the file is not what would be written.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from theirstack_async.filters._kinds import rules
from theirstack_async.filters.companies import CompanyFilters
from theirstack_async.filters.jobs import JobFilters
from theirstack_async.filters.keywords import KeywordFilters, TechFilters
from theirstack_async.filters.nested_jobs import NestedJobFilters

TARGET = Path(__file__).parent.parent / "theirstack_async" / "filters" / "_kwargs.py"

HEAD = '''"""The filters as keyword arguments. Written by ``tools/write_filter_kwargs.py``; do not edit."""

from __future__ import annotations

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

CLASSES: dict[str, type[Any]] = {
    "NestedJobFilterKwargs": NestedJobFilters,
    "TechFilterKwargs": TechFilters,
    "KeywordFilterKwargs": KeywordFilters,
    "JobFilterKwargs": JobFilters,
    "CompanyFilterKwargs": CompanyFilters,
}


def source() -> str:
    """Return the text of the file."""
    return "\n\n".join([HEAD, *(typed_dict(name, cls) for name, cls in CLASSES.items())])


def typed_dict(name: str, cls: type[Any]) -> str:
    """Return the source of the typed dictionary of one class."""
    fields = [f"    {field}: {rule.kind.accepts}\n" for field, rule in rules(cls).items()]
    lines = [f"class {name}(TypedDict, total=False):\n", f'    """The arguments of :class:`.{cls.__name__}`."""\n\n']
    return "".join(lines + fields)


def main(*arguments: str) -> int:
    """Write the file, or with ``--check`` compare it."""
    if arguments == ("--check",):
        same = TARGET.read_text("utf-8") == source()
        print("up to date" if same else f"{TARGET.name} is not up to date: run python tools/write_filter_kwargs.py")
        return 0 if same else 1
    if arguments:
        print(__doc__)
        return 2
    TARGET.write_text(source(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
