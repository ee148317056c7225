"""What the package is compared with reads the same rows, all of them, and as the types it says."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest

from benchmarks.payloads import FIRST, events
from benchmarks.server import Served, serving

READING: Final = ("httpx_pydantic", "requests_json", "generated")
DECODING: Final = ("httpx_pydantic", "cattrs_stock", "msgspec_structs", "generated")
PAGE: Final = 40


def peer(name: str) -> ModuleType:
    """Return a peer; without what it needs, which only ``nox -s bench`` installs, the test is skipped and says so."""
    module: ModuleType = pytest.importorskip(f"benchmarks.peers.{name}", exc_type=ImportError)
    return module


async def rows_of(module: ModuleType, server: Served) -> list[Any]:
    """Return all rows that a peer reads."""
    found = module.events(**server.place, page_size=PAGE)
    return list(found) if inspect.isgenerator(found) else [row async for row in found]


@pytest.fixture(scope="module", params=[PAGE * 2, PAGE * 2 + 1], ids=["full last page", "short last page"])
def light(request: pytest.FixtureRequest) -> Iterator[Served]:
    """Serve some events without payloads."""
    with serving("light", request.param) as server:
        yield server


@pytest.mark.parametrize("name", READING)
async def test_each_row_is_read_once(name: str, light: Served) -> None:
    rows = await rows_of(peer(name), light)
    ids = [row["id"] if isinstance(row, dict) else row.id for row in rows]
    assert ids == list(range(FIRST, FIRST + light.rows))


@pytest.mark.parametrize("name", READING)
async def test_a_run_counts_all_rows(name: str, light: Served) -> None:
    seen = peer(name).run(**light.place, page_size=PAGE)
    assert (await seen if inspect.isawaitable(seen) else seen) == light.rows


@pytest.mark.parametrize("name", DECODING)
def test_payloads_are_typed_through_and_through(name: str) -> None:
    """A peer that gave up on a payload, and left it a dict, would be compared unfairly."""
    rows = peer(name).decode(b"[" + b",".join(events("heavy", 2)) + b"]")
    assert [row.id for row in rows] == [FIRST, FIRST + 1]
    for row in rows:
        assert row.status.value == "FAILED"
        assert row.triggered_at.year == 2026
        assert row.payload.seniority.value == "senior"
        assert row.payload.discovered_at.hour == 12
        assert row.payload.locations[0].country_code == "US"
        assert row.payload.company_object.last_funding_round_date.year == 2020


def test_a_plain_union_gives_the_same_records() -> None:
    module = peer("httpx_pydantic")
    page = b"[" + b",".join(events("heavy", 2)) + b"]"
    assert [row.payload for row in module.decode_plain(page)] == [row.payload for row in module.decode(page)]


def test_a_client_is_generated_once_for_a_document(tmp_path: Path) -> None:
    module = peer("generated")
    folder = module.generated(module.DOCUMENT, tmp_path)
    package = folder / module.PACKAGE / "__init__.py"
    written = package.stat().st_mtime_ns
    assert module.generated(module.DOCUMENT, tmp_path) == folder
    assert (package.stat().st_mtime_ns, list(tmp_path.iterdir())) == (written, [folder])


def test_without_the_document_the_import_says_so(tmp_path: Path) -> None:
    module = peer("generated")
    with pytest.raises(ImportError, match=r"no .*absent\.json, of which the client would be generated"):
        module.generated(tmp_path / "absent.json", tmp_path)


def test_a_client_with_gaps_is_refused(tmp_path: Path) -> None:
    """The generator leaves out what it does not understand and ends well: its warnings have to count."""
    module = peer("generated")
    lost = {"$ref": "#/components/schemas/Lost"}
    answers = {"200": {"description": "", "content": {"application/json": {"schema": lost}}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "paths": {"/x": {"get": {"operationId": "x", "responses": answers}}},
        "components": {"schemas": {}},
    }
    with pytest.raises(ImportError, match="did not make the whole client"):
        module.generate(document, tmp_path)
