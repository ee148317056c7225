"""What type checkers refuse is refused at run time as well, by name: each line of the file of mistakes is run."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

import pytest

from theirstack_async import filters
from theirstack_async.errors import ArgumentError

FILE: Final = Path(__file__).parents[2] / "typing" / "bad_filters.py"
LINES: Final = [
    ast.unparse(node.value)
    for node in ast.parse(FILE.read_text("utf-8")).body
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("line", LINES)
def test_a_mistake_is_refused_by_name(line: str) -> None:
    names = re.findall(r"(\w+)=|'(\w+)':", line)
    with pytest.raises(ArgumentError) as caught:
        eval(line, vars(filters).copy())
    assert caught.value.field.split(".")[0] in {name for pair in names for name in pair}
    assert str(caught.value).startswith(f"{caught.value.field}: ")


def test_there_are_such_lines() -> None:
    assert len(LINES) > 20
