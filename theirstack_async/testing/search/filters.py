"""What a filter is: how its value is read, and which rows it lets through."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from theirstack_async.testing import validation as read
from theirstack_async.testing.answers import FieldProblem
from theirstack_async.testing.search import readers
from theirstack_async.testing.search.dataset import DataSet
from theirstack_async.testing.search.readers import Reader

Row = TypeVar("Row")
Test = Callable[[Row], bool]
Make = Callable[[Any, DataSet], Test[Row]]


@dataclass(frozen=True, slots=True)
class Filter(Generic[Row]):
    """One filter."""

    read: Reader[Any]
    make: Make[Row]
    """Makes the test from the value."""
    nullable: bool = False


Table = Mapping[str, Filter[Row]]


def values_of(fields: read.Fields, table: Table[Any]) -> dict[str, Any]:
    """Return the filters of a table that are set: an empty list and null set nothing. Notes problems in ``fields``."""
    found: dict[str, Any] = {}
    for name, one in table.items():
        if fields.has(name):
            value = fields.optional(name, one.read) if one.nullable else fields.defaulted(name, one.read, None)
            if value is not None and value != []:
                found[name] = value
    return found


def make_tests(
    values: Mapping[str, Any], table: Table[Row], data: DataSet, *, joined: Iterable[str] = ()
) -> list[Test[Row]]:
    """Return the tests of those values that belong to a table, cheap ones first, as the table has them.

    Those of the filters ``joined`` make one test together, which any of them passes.
    """
    made = {name: one.make(values[name], data) for name, one in table.items() if name in values}
    either = [made.pop(name) for name in joined if name in made]
    tests = list(made.values())
    return [any_test(either), *tests] if either else tests


def any_test(tests: Sequence[Test[Row]]) -> Test[Row]:
    """Return a test that a row passes if it passes any of some."""
    return tests[0] if len(tests) == 1 else lambda row: any(test(row) for test in tests)


def passing(rows: Iterable[Row], tests: Iterable[Test[Row]]) -> list[Row]:
    """Return the rows that pass all tests."""
    left = list(rows)
    for test in tests:
        left = [row for row in left if test(row)]
    return left


def first(rows: Iterable[Row], tests: Sequence[Test[Row]], stop: int | None) -> list[Row]:
    """Return the rows that pass all tests, or the first ``stop`` of them, without a look at those that come after."""
    found: list[Row] = []
    for row in rows:
        if len(found) == stop:
            break
        if all(test(row) for test in tests):
            found.append(row)
    return found


def nested(fields: read.Fields, name: str, table: Table[Any], *, strict: bool) -> dict[str, Any] | None:
    """Return the filters that are set within an object; None when there is no such object."""
    inner = fields.optional(name, read.mapping)
    if inner is None:
        return None
    part = read.Fields("body", inner)
    found = values_of(part, table)
    if strict:
        refuse_unknown(part, inner, table)
    fields.problems += [FieldProblem(("body", name, *one.loc[1:]), one.msg, one.type) for one in part.problems]
    return found


def refuse_unknown(fields: read.Fields, given: Iterable[str], *known: Iterable[str]) -> None:
    """Note a problem for each field that is not known."""
    for name in sorted(set(given).difference(*known)):
        fields.problems.append(FieldProblem(("body", name), "Extra inputs are not permitted", "extra_forbidden"))


def one_of(get: Callable[[Row], object], item: Reader[Any] = read.string) -> Filter[Row]:
    """Return a filter of rows whose value is one of those listed."""

    def make(values: list[Any], _data: DataSet) -> Test[Row]:
        wanted = frozenset(values)
        return lambda row: get(row) in wanted

    return Filter(readers.list_of(item), make)


def any_in(get: Callable[[Row], Iterable[object]], item: Reader[Any] = read.string) -> Filter[Row]:
    """Return a filter of rows that have any of the values listed."""

    def make(values: list[Any], _data: DataSet) -> Test[Row]:
        wanted = frozenset(values)
        return lambda row: not wanted.isdisjoint(get(row))

    return Filter(readers.list_of(item), make)


def all_in(get: Callable[[Row], Iterable[object]], item: Reader[Any] = read.string) -> Filter[Row]:
    """Return a filter of rows that have all of the values listed."""

    def make(values: list[Any], _data: DataSet) -> Test[Row]:
        wanted = frozenset(values)
        return lambda row: wanted.issubset(get(row))

    return Filter(readers.list_of(item), make)


def excluding(one: Filter[Row]) -> Filter[Row]:
    """Return the filter of the rows that another one drops."""

    def make(values: Any, data: DataSet) -> Test[Row]:
        test = one.make(values, data)
        return lambda row: not test(row)

    return Filter(one.read, make, one.nullable)


def excluding_known(one: Filter[Row], get: Callable[[Row], object]) -> Filter[Row]:
    """Return the filter of the rows that another one drops and whose value is known."""

    def make(values: Any, data: DataSet) -> Test[Row]:
        test = one.make(values, data)
        return lambda row: get(row) is not None and not test(row)

    return Filter(one.read, make, one.nullable)


def at_least(
    get: Callable[[Row], float | None], item: Reader[Any] = read.integer, *, or_null: bool = False
) -> Filter[Row]:
    """Return a filter of rows whose value is not below a bound. Rows without a value pass with ``or_null`` only."""

    def make(bound: float, _data: DataSet) -> Test[Row]:
        return lambda row: or_null if (value := get(row)) is None else value >= bound

    return Filter(item, make, nullable=True)


def at_most(
    get: Callable[[Row], float | None], item: Reader[Any] = read.integer, *, or_null: bool = False
) -> Filter[Row]:
    """Return a filter of rows whose value is not above a bound. Rows without a value pass with ``or_null`` only."""

    def make(bound: float, _data: DataSet) -> Test[Row]:
        return lambda row: or_null if (value := get(row)) is None else value <= bound

    return Filter(item, make, nullable=True)


def equals(get: Callable[[Row], bool | None]) -> Filter[Row]:
    """Return a filter of rows that are, or are not, something. Rows that are neither pass neither."""

    def make(wanted: bool, _data: DataSet) -> Test[Row]:
        return lambda row: get(row) is wanted

    return Filter(read.boolean, make, nullable=True)


def only(get: Callable[[Row], bool]) -> Filter[Row]:
    """Return a filter that true switches on; false asks for nothing."""

    def make(wanted: bool, _data: DataSet) -> Test[Row]:
        return lambda row: not wanted or get(row)

    return Filter(read.boolean, make, nullable=True)


def matches(get: Callable[[Row], str], flags: re.RegexFlag = re.IGNORECASE, *, every: bool = False) -> Filter[Row]:
    """Return a filter of rows in whose text any, or ``every``, regular expression is found."""

    def make(patterns: list[re.Pattern[str]], _data: DataSet) -> Test[Row]:
        enough = all if every else any
        searches = [pattern.search for pattern in patterns]

        def test(row: Row) -> bool:
            text = get(row)
            return enough(search(text) is not None for search in searches)

        return test

    return Filter(readers.list_of(readers.regex(flags)), make)


def contains(get: Callable[[Row], str]) -> Filter[Row]:
    """Return a filter of rows whose text contains any of those listed, in any case."""

    def make(values: list[str], _data: DataSet) -> Test[Row]:
        wanted = [value.casefold() for value in values]

        def test(row: Row) -> bool:
            text = get(row).casefold()
            return any(value in text for value in wanted)

        return test

    return Filter(readers.list_of(read.string), make)


def ignored(reader: Reader[Any], *, nullable: bool = False) -> Filter[Any]:
    """Return a filter whose value is checked, and that lets every row through."""
    return Filter(reader, lambda _value, _data: lambda _row: True, nullable)
