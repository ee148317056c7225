"""Getting a document: from a file or from the web, in JSON or in YAML."""

from __future__ import annotations

import http.client
import importlib
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Final, cast
from urllib.parse import urlsplit

from theirstack_async.contract.schemas import DocumentError, Node

MAX_BYTES: Final = 64 * 2**20
"""How large a document may be."""
TIMEOUT: Final = 30.0
"""Seconds that a server may be silent."""
DEADLINE: Final = 120.0
"""Seconds that a document may take to arrive."""
_CHUNK: Final = 2**16


def read(source: str) -> Node:
    """Return the document at a path, or at an http or https address. No key is sent there.

    Raises:
        DocumentError: it cannot be read, is larger than 64 MiB, or is neither JSON nor YAML.
    """
    scheme = source.partition("://")[0].lower() if "://" in source else ""
    if scheme and scheme not in ("http", "https"):
        raise DocumentError(f"{source}: only files and http or https addresses can be read.")
    try:
        return parse(source, _fetch(source) if scheme else _load(source))
    except RecursionError:
        raise DocumentError(f"{source}: nested too deeply.") from None


def parse(source: str, body: bytes) -> Node:
    """Return the document that a text is.

    Raises:
        DocumentError: it is neither JSON nor YAML, or no object.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DocumentError(f"{source}: not a text in UTF-8.") from None
    try:
        value = json.loads(text)
    except ValueError as error:
        if text.lstrip().startswith(("{", "[")):
            raise DocumentError(f"{source}: no JSON that can be read: {error}.") from None
        value = _yaml(source, text)
    if not isinstance(value, Mapping):
        raise DocumentError(f"{source}: not an OpenAPI document, which is an object.")
    return Node(cast("object", value), "#")


def _yaml(source: str, text: str) -> Any:
    try:
        yaml = importlib.import_module("yaml")
    except ImportError:
        raise DocumentError(
            f"{source}: not JSON, and for YAML PyYAML is needed; pip install 'theirstack-async[contract]'."
        ) from None
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:  # a date such as 2026-13-01 is a ValueError
        reason = " ".join(str(error).split())
        raise DocumentError(f"{source}: neither JSON nor YAML that can be read: {reason}.") from None


def _load(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return _bounded(path, file.read)
    except (OSError, ValueError) as error:  # a NUL in a path is a ValueError
        reason = error.strerror if isinstance(error, OSError) else None
        raise DocumentError(f"{path}: cannot be read: {reason or error}.") from None


def _bounded(source: str, read: Callable[[int], bytes]) -> bytes:
    body, end = bytearray(), time.monotonic() + DEADLINE
    while chunk := read(_CHUNK):
        body += chunk
        if len(body) > MAX_BYTES:
            raise DocumentError(f"{source}: larger than {MAX_BYTES // 2**20} MiB.")
        if time.monotonic() > end:
            raise DocumentError(f"{source}: has not arrived after {DEADLINE:.0f} seconds.")
    return bytes(body)


class _WebOnly(urllib.request.HTTPRedirectHandler):
    """Follows redirects to http and https, and to nothing else."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme not in ("http", "https"):
            raise DocumentError(f"{req.full_url}: leads to {newurl}, which is no http or https address.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _fetch(url: str) -> bytes:
    opener = urllib.request.build_opener(_WebOnly)
    opener.addheaders = [("User-Agent", "theirstack-async-contract")]
    try:
        with opener.open(url, timeout=TIMEOUT) as response:
            body = _bounded(url, response.read1)
            length = response.headers.get("Content-Length")
    except urllib.error.HTTPError as error:
        error.close()
        raise DocumentError(f"{url}: the server answers {error.code}.") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise DocumentError(f"{url}: cannot be fetched: {reason}.") from None
    if length not in (None, str(len(body))):  # half a document in YAML may pass for a whole one
        raise DocumentError(f"{url}: {len(body):,} bytes came of {length}; ask again.")
    return body
