"""The house stands as it was drawn: arrows point downward only, and each big library has one door."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from typing import Final

import pytest

from tests._imports import PACKAGE, SOURCE, Import, cycle, imports_of, modules

LAYERS: Final = (
    # L0: words that all others use
    ("_homes", "_problem", "errors", "_values", "_clock", "_checkpoint", "_version", "_warn"),
    ("_wire",),  # L1: bytes in, values out
    ("models", "filters", "_convert", "_check"),  # L2: what the API's things are
    ("config", "hooks", "_tasks", "_files", "_database", "budget", "quota", "_engine"),  # L3: how one call is made
    (
        "pagination",
        "batch",
        "report",
        "_walk",
        "_straight",
        "_prefetch",
        "_fanout",
        "_ids",
    ),  # L4: how many calls are made
    ("resources", "client"),  # L5: one method per endpoint
)
"""Lowest first. A name stands for a module or for a package with all that is in it."""

BESIDE: Final = {
    "testing": 0,
    "receiver": 5,
    "instrumentation": 3,
    "incremental": 4,
    "replay": 5,
    "contract": 5,
    "cli": 6,
}
"""The rooms beside the house, each importable alone, with the highest layer that it may look into: 6 is the roof."""

ALSO: Final = {
    ("cli", "testing"),  # theirstack demo and theirstack fake-server
    ("testing", "quota"),  # the tests that each store has to pass
    ("testing", "incremental"),
    ("testing", "replay"),
    ("testing", "receiver"),  # and the signature, which both have to spell alike
    ("cli", "receiver"),
    ("cli", "replay"),
    ("cli", "incremental"),
    ("resources", "incremental"),  # client.jobs.incremental(...)
}
"""Arrows between the house and a room beside it, and between two such rooms, that are meant."""

TOP: Final = len(LAYERS)
"""The level of the package's own names (``from theirstack_async import TheirStack``): above all others."""

DOORS: Final = {
    # A fake server is made of aiohttp too.
    "aiohttp": {"_engine.aiohttp_transport", "testing", "receiver._aiohttp", "cli.demo_receiver", "cli.receive"},
    "cattrs": {"_convert.reference"},
    "msgspec": {"_convert"},
    "redis": {"quota._redis"},
    "filelock": {"_database", "incremental"},
    "duckdb": {"_database.duckdb"},
    "psycopg": {"_database.postgres"},
    "pyarrow": {"incremental.sinks"},
    "pyroaring": {"_ids"},
    "typer": {"cli"},
    "rich": {"cli"},
    "pytest": {"testing.pytest_plugin"},
    "pytest_asyncio": {"testing.pytest_plugin"},
}
"""Which modules may import a library that the rest need not know."""

NAMED: Final = {(f"{PACKAGE}.client", "aiohttp"), (f"{PACKAGE}.replay._bitgo", "aiohttp")}
"""Type-only imports that are meant: ``session=`` takes aiohttp's own class, so its signature says so."""

WITHOUT_AIOHTTP: Final = (
    *("", ".errors", ".models", "._convert", ".testing.pytest_plugin"),
    *(".receiver._receiver", ".receiver._asgi", ".receiver._sqlite", ".receiver._reconcile", ".receiver._ensure"),
)
"""Rooms of the package that cost no import of aiohttp; a plugin that pytest always loads must cost next to nothing."""

MODULES: Final = modules(SOURCE)
IMPORTS: Final = [one for name, path in MODULES.items() for one in imports_of(name, path.read_text("utf-8"), MODULES)]


def room(module: str) -> str:
    """Return the part of a module's name that the tables above speak of; empty for the package's own names."""
    return module.partition(".")[2].partition(".")[0]


def level(name: str) -> int | None:
    """Return the layer of a room, :data:`TOP` for the package itself, None for a room beside the house."""
    if name in ("", "__main__"):
        return TOP
    if name in BESIDE:
        return None
    found = [number for number, names in enumerate(LAYERS) if name in names]
    assert found, f"{PACKAGE}.{name} has no place: add it to LAYERS or BESIDE in {__name__}"
    return found[0]


def fault(arrow: Import) -> str:
    """Return what is wrong with an import, or an empty text."""
    if arrow.imported.partition(".")[0] != PACKAGE:
        return ""
    source, target = room(arrow.importer), room(arrow.imported)
    start, end = level(source), level(target)
    if source == target or (source, target) in ALSO or start == TOP:
        return ""
    if end is None:
        return _say(arrow, "a room beside the house")
    ceiling = BESIDE[source] if start is None else start
    return _say(arrow, f"layer {end} from layer {start}, at most {ceiling}") if end > ceiling else ""


def users_of(library: str) -> set[str]:
    """Return the modules that import a library, but for the type-only imports that are meant."""
    found = [one for one in IMPORTS if one.imported.partition(".")[0] == library]
    return {one.importer for one in found if not (one.typing_only and (one.importer, library) in NAMED)}


def _say(arrow: Import, what: str) -> str:
    return f"{arrow.importer}, line {arrow.line}, imports {arrow.imported}: {what}"


def _inside(module: str, names: set[str]) -> bool:
    inner = module.partition(".")[2]
    return any(inner == name or inner.startswith(f"{name}.") for name in names)


def _at(importer: str, imported: str) -> Import:
    return Import(f"{PACKAGE}.{importer}".rstrip("."), f"{PACKAGE}.{imported}".rstrip("."), 1, typing_only=False)


def test_every_module_has_a_place() -> None:
    for name in MODULES:
        level(room(name))


def test_arrows_point_downward() -> None:
    assert [said for one in IMPORTS if (said := fault(one))] == []


def test_no_ring_of_imports() -> None:
    """Type-only imports make no ring: errors name the Checkpoint that they carry, and a checkpoint raises an error."""
    edges: dict[str, set[str]] = {}
    for one in IMPORTS:
        if not one.typing_only and one.imported in MODULES and one.importer != one.imported:
            edges.setdefault(one.importer, set()).add(one.imported)
    assert cycle(edges) == []


@pytest.mark.parametrize("library", DOORS)
def test_each_library_has_one_door(library: str) -> None:
    assert {user for user in users_of(library) if not _inside(user, DOORS[library])} == set()


@pytest.mark.parametrize("library", ["aiohttp", "cattrs"])
def test_one_file_of_the_house_knows_it(library: str) -> None:
    assert len({user for user in users_of(library) if room(user) not in BESIDE}) == 1


def test_the_lower_layers_know_no_event_loop() -> None:
    lower = {name for names in LAYERS[:3] for name in names} - {"_clock"}
    assert {user for user in users_of("asyncio") | users_of("anyio") if room(user) in lower} == set()


@pytest.mark.parametrize("module", [f"{PACKAGE}{room}" for room in WITHOUT_AIOHTTP])
def test_it_is_imported_without_aiohttp(module: str) -> None:
    code = f"import sys, {module}; sys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("errors", "models.job"),
        ("_wire.decode", "_engine.retry"),
        ("_engine.pipeline", "client"),
        ("pagination", "resources.webhooks"),
        ("client", "testing"),
        ("testing.server", "_wire.message"),
        ("receiver", "cli"),
        ("receiver", "testing"),
        ("client", ""),
    ],
)
def test_an_upward_arrow_is_found(importer: str, imported: str) -> None:
    assert fault(_at(importer, imported))


@pytest.mark.parametrize(
    ("importer", "imported"),
    [("client", "errors"), ("cli.demo", "testing"), ("replay", "client"), ("models.job", "models"), ("", "client")],
)
def test_a_downward_arrow_is_not(importer: str, imported: str) -> None:
    assert not fault(_at(importer, imported))


def test_a_module_without_a_place_is_found() -> None:
    with pytest.raises(AssertionError, match="has no place"):
        level("_somewhere")


def test_imports_are_found_wherever_they_stand() -> None:
    source = """
import asyncio.events
from theirstack_async import errors, TheirStack
if TYPE_CHECKING:
    from theirstack_async.client import TheirStack
else:
    import json
def late():
    try:
        from theirstack_async.models import Job
    finally:
        pass
"""
    known: Mapping[str, object] = {f"{PACKAGE}.errors": None}
    found = [(one.imported, one.line, one.typing_only) for one in imports_of("made.up", source, known)]
    assert found == [
        ("asyncio.events", 2, False),
        (f"{PACKAGE}.errors", 3, False),
        (PACKAGE, 3, False),
        (f"{PACKAGE}.client", 5, True),
        ("json", 7, False),
        (f"{PACKAGE}.models", 10, False),
    ]


def test_a_relative_import_is_refused() -> None:
    with pytest.raises(AssertionError, match="relative import"):
        imports_of("made.up", "from . import errors", {})


def test_a_ring_is_found() -> None:
    assert cycle({"a": {"b", "d"}, "b": {"c"}, "c": {"a"}, "d": set()}) == ["a", "b", "c", "a"]
    assert cycle({"a": {"b", "c"}, "b": {"c"}}) == []
