"""A client that openapi-python-client makes of the vendor's document, used as its own readme says.

The document lies beside the repository in ``../shared`` and is not part of it, nor is the client: it is made when this
module is imported for the first time, and kept in ``.cache``. Without the document or the generator the import fails
with an ImportError that says so.

Of the document as it stands the generator makes a client whose list of events returns None: six schemas are in it
twice, for requests and for responses, under one title, and the generator gives up on the second class of a name, and
with it on all that refers to it (the lists of events and of saved searches, the searches of jobs and of companies).
So the titles are removed here; the classes are then named after the schemas' keys, and all operations are there.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import openapi_python_client  # noqa: F401 - its absence shall show at once

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT.parent / "shared" / "api" / "theirstack.openapi.json"
CACHE = ROOT / ".cache" / "bench" / "generated"
PACKAGE = "theirstack_generated"


def generated(document: Path, cache: Path) -> Path:
    """Return the folder that holds the client's package, which is made unless it is there already."""
    if not document.is_file():
        raise ImportError(f"no {os.path.relpath(document, ROOT)}, of which the client would be generated")
    text = document.read_bytes()
    made = hashlib.sha256(version("openapi-python-client").encode() + text).hexdigest()[:16]
    folder = cache / made
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as work:
            generate(json.loads(text), Path(work))
            (Path(work) / "client").rename(folder)
    return folder


def generate(document: dict[str, Any], work: Path) -> None:
    """Make the client in a folder."""
    for schema in document["components"]["schemas"].values():
        schema.pop("title", None)
    (work / "document.json").write_text(json.dumps(document), "utf-8")
    (work / "config.json").write_text('{"post_hooks": []}', "utf-8")  # nobody reads it, so nothing is to format it
    (work / "client").mkdir()
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning"]
    places = ["--path", "document.json", "--config", "config.json", "--output-path", f"client/{PACKAGE}"]
    done = subprocess.run([*command, *places], cwd=work, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ImportError(f"openapi-python-client did not make the whole client: {done.stderr[:2000]}")


sys.path.append(str(generated(DOCUMENT, CACHE)))

from theirstack_generated import AuthenticatedClient  # noqa: E402 - it is there only now
from theirstack_generated.api.webhooks import get_webhooks_events_v0  # noqa: E402
from theirstack_generated.models import WebhookEvent  # noqa: E402

CONTEXT = httpx.create_ssl_context()  # made once, as in peers/httpx_pydantic.py


def decode(body: bytes) -> list[WebhookEvent]:
    """Decode a page as the client does."""
    return [WebhookEvent.from_dict(row) for row in json.loads(body)]


async def events(url: str, key: str, webhook: int, page_size: int = 500) -> AsyncIterator[WebhookEvent]:
    """Yield the rows, page after page."""
    offset = 0
    async with AuthenticatedClient(url, key, raise_on_unexpected_status=True, verify_ssl=CONTEXT) as client:
        while True:
            page = await get_webhooks_events_v0.asyncio(webhook, client=client, offset=offset, limit=page_size)
            if not isinstance(page, list):
                raise TypeError(f"no page of events, but {page!r}")
            for row in page:
                yield row
            if len(page) < page_size:
                return
            offset += page_size


async def run(url: str, key: str, webhook: int, page_size: int = 500) -> int:
    """Read all events, and return how many there were."""
    seen = 0
    async for row in events(url, key, webhook, page_size):
        seen += row.webhook_id > 0
    return seen
