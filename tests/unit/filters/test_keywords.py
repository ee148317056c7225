"""The keyword types are those of the classes, and nothing of all this is loaded before it is asked for."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, get_type_hints

import pytest

from tests._imports import ROOT
from theirstack_async import filters
from theirstack_async.filters._kinds import rules

TOOL = ROOT / "tools" / "write_filter_kwargs.py"
PAIRS = [
    (filters.JobFilters, filters.JobFilterKwargs),
    (filters.CompanyFilters, filters.CompanyFilterKwargs),
    (filters.NestedJobFilters, filters.NestedJobFilterKwargs),
    (filters.TechFilters, filters.TechFilterKwargs),
    (filters.KeywordFilters, filters.KeywordFilterKwargs),
]


@pytest.mark.skipif(not TOOL.exists(), reason="tools/ is not here, as in an installed package")
def test_the_committed_file_is_what_the_tool_writes() -> None:
    done = subprocess.run([sys.executable, str(TOOL), "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "up to date\n"), done.stdout + done.stderr


@pytest.mark.parametrize(("cls", "keywords"), PAIRS)
def test_keywords_are_the_fields_in_order_and_their_types_resolve(cls: type[Any], keywords: Any) -> None:
    assert list(get_type_hints(keywords)) == list(rules(cls))
    assert not keywords.__required_keys__


@pytest.mark.parametrize("code", ["theirstack_async.TheirStack(api_key='x')", "theirstack_async.resources.jobs"])
def test_filters_are_loaded_when_they_are_asked_for(code: str) -> None:
    program = f"""
import sys, theirstack_async, theirstack_async.resources
{code if "(" in code else "import " + code}
loaded = "theirstack_async.filters" in sys.modules
theirstack_async.JobFilters
sys.exit(10 * loaded + ("theirstack_async.filters" in sys.modules))
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 1
