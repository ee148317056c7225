"""The fake against the vendor's own document: schemathesis finds no server error and no answer off the schemas."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

from theirstack_async import CompanyFilters, JobFilters, TheirStack
from theirstack_async.testing import FakeTheirStack

DOCUMENT = Path(__file__).parents[3] / "shared" / "api" / "theirstack.openapi.json"
PROGRAM = shutil.which("st", path=Path(sys.executable).parent) or shutil.which("st")
CHECKS = "not_a_server_error,response_schema_conformance,content_type_conformance"

MOST: Final = 150
"""Examples an operation at the most. Ten times the default ran for more than nine minutes."""


async def furnish(fake: FakeTheirStack) -> None:
    """Make some of everything, so that answers hold more than nothing."""
    for url in ("http://192.0.2.1/", "http://127.0.0.1:9/"):
        webhook_id = fake.seed_webhook(url, secret="s" * 16)
        for status in ("FAILED", "SUCCESS", "IN_PROGRESS", "NOT_TRIGGERED"):
            for kind in ("job", "company", None):
                fake.seed_events(webhook_id, 2, status=status, kind=kind)
    async with TheirStack(fake.api_key, base_url=fake.base_url) as client:
        await client.saved_searches.create(body=JobFilters(posted_at_max_age_days=30), name="jobs")
        await client.saved_searches.create(body=CompanyFilters(min_employee_count=3), name="companies")
        companies = await client.companies.search(max_items=10).collect()
        for name in ("a", "b"):
            made = await client.company_lists.create(name)
            await client.company_lists.add_companies(made.id, [company.id for company in companies])


@pytest.mark.contract
@pytest.mark.skipif(not DOCUMENT.exists(), reason="the vendor's document is not at ../shared/api")
@pytest.mark.skipif(PROGRAM is None, reason="schemathesis is not installed (pip install schemathesis)")
async def test_the_fake_keeps_to_the_document(tmp_path: Path) -> None:
    """``discovered_at`` gets its offset here, for that is what the schema says; by default the fake leaves it out."""
    async with FakeTheirStack(jobs=300, companies=40, keep_requests=False, naive_instants=False) as fake:
        await furnish(fake)
        process = await asyncio.create_subprocess_exec(
            *(str(PROGRAM), "run", str(DOCUMENT), "--url", fake.base_url, "--checks", CHECKS, "--no-color"),
            *("--max-examples", str(min(settings().max_examples // 2, MOST))),
            *("--header", f"Authorization: Bearer {fake.api_key}"),
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        text = output.decode(errors="replace")
        assert process.returncode == 0, text
        assert fake.requests.total > 5000, text
    assert "Selected: 47/47" in text
    assert "Tested: 47" in text
