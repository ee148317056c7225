"""The drift tool as a program: where it reads from, what it prints, and how it ends."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from tests.contract._made import fields, made
from theirstack_async import __version__
from theirstack_async.contract import source
from theirstack_async.contract.__main__ import main

JSON = json.dumps(made()).encode()


class Site(ThreadingHTTPServer):
    """A web server that answers each path with what a test puts there."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[dict[str, str]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Answers from the pages of the site."""

    server: Site

    def do_GET(self) -> None:
        self.server.asked.append({name.lower(): value for name, value in self.headers.items()})
        status, headers, body = self.server.pages[self.path]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Print nothing."""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Site() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "made.json"
    path.write_bytes(JSON)
    return path


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return what the program says of a document that it cannot read."""
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err


def test_nothing_wrong_ends_with_0(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(document)]) == 0
    assert capsys.readouterr().out == (
        f"{document}: Made, OpenAPI 3.1.0, 55 operations. theirstack-async {__version__} supports 55.\n"
        "\n"
        "The SDK gets nothing of it wrong.\n"
    )


def drifted(path: Path) -> None:
    """Write a document with two breaks, a note and a known difference."""
    document = made()
    document["info"]["title"] = "Bell \a and \x1b[31mred"
    del document["paths"]["/v0/catalog/industries"]
    del document["paths"]["/v0/app-urls"]
    fields(document, "CreditBalance").update(api_credits={"type": "string"}, new={"type": "string"})
    path.write_text(json.dumps(document), "utf-8")


LINES = (
    "  GET /v0/catalog/industries (catalog.industries): operation removed; its calls would fail: remove its method",
    (
        "  GET /v0/billing/credit-balance (billing.credit_balance), answer field api_credits: type changed; "
        "expected integer, found string; answers would not decode"
    ),
    (
        "  GET /v0/billing/credit-balance (billing.credit_balance), answer field new: added; found string; "
        "only keep_unknown_fields=True shows it: add it to the model"
    ),
    "  POST /v0/app-urls (app_urls.create): operation removed; only some descriptions of the API have it",
)


def test_drift_is_listed_and_ends_with_1(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the document says cannot steer the terminal."""
    drifted(document)
    assert main([str(document)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{document}: Bell ? and ?[31mred, OpenAPI 3.1.0, 53 operations. theirstack-async {__version__} supports 55.",
        "",
        "The SDK gets 2 things wrong:",
        *LINES[:2],
        "",
        "1 note, nothing of it wrong:",
        LINES[2],
        "",
        "1 known difference; --all lists them.",
    ]


def test_all_lists_what_is_known_too(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drifted(document)
    assert main([str(document), "--all"]) == 1
    assert capsys.readouterr().out.splitlines()[-2:] == ["1 known difference:", LINES[3]]


def test_the_report_as_json(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drifted(document)
    assert main([str(document), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert {name: value for name, value in report.items() if name not in ("breaks", "notes", "known")} == {
        "source": str(document),
        "title": "Bell \a and \x1b[31mred",
        "openapi": "3.1.0",
        "operations": 53,
        "sdk": __version__,
        "exit_code": 1,
    }
    assert [len(report[name]) for name in ("breaks", "notes", "known")] == [2, 1, 1]
    assert report["breaks"][1] == {
        "change": "got_type",
        "what": "type changed",
        "operation": "billing.credit_balance",
        "call": "GET /v0/billing/credit-balance",
        "where": "answer field api_credits",
        "expected": "integer",
        "found": "string",
        "advice": "answers would not decode",
        "at": "#/components/schemas/CreditBalance/properties/api_credits",
        "also": [],
    }
    assert report["known"][0]["operation"] == "app_urls.create"


def test_a_document_without_a_title(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    untitled = {**made(), "info": {}}
    document.write_text(json.dumps(untitled), "utf-8")
    assert main([str(document)]) == 0
    assert ": untitled, OpenAPI 3.1.0, " in capsys.readouterr().out


def test_yaml_is_read(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document.write_text(yaml.safe_dump(made()), "utf-8")
    assert main([str(document)]) == 0
    assert "55 operations" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"a": ', "no JSON that can be read: Expecting value: line 1 column 7 (char 6)."),
        (b"\xff\xfe", "not a text in UTF-8."),
        (b"[]", "not an OpenAPI document, which is an object."),
        (b"", "not an OpenAPI document, which is an object."),
        (b"a: [", "neither JSON nor YAML that can be read: while parsing a flow node"),
        (b"a: 2026-13-01", "neither JSON nor YAML that can be read: month must be in 1..12"),
        (b"{}", "this is no OpenAPI 3 document: it has no field openapi."),
        (b"[" * 200_000, "nested too deeply."),
        (b"a: " + b"[" * 5_000, "nested too deeply."),
    ],
)
def test_a_text_that_is_no_document(document: Path, body: bytes, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    document.write_bytes(body)
    assert refused(capsys, str(document)).startswith(f"{document}: {said}")


def test_schemas_that_are_nested_too_deeply(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deep = '{"items":' * 400 + "{}" + "}" * 400
    text = '{"openapi": "3.1.0", "paths": {"/a": {"get": {"parameters": [{"in": "query", "name": "a", "schema": X}]}}}}'
    document.write_text(text.replace("X", deep), "utf-8")
    assert refused(capsys, str(document)) == f"{document}: its schemas are nested too deeply.\n"


def test_without_pyyaml_it_says_what_to_install(
    document: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    document.write_text("openapi: 3.1.0", "utf-8")
    said = "not JSON, and for YAML PyYAML is needed; pip install 'theirstack-async[contract]'."
    assert refused(capsys, str(document)) == f"{document}: {said}\n"
    document.write_bytes(JSON)
    assert main([str(document)]) == 0


def test_files_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "missing.json"
    assert refused(capsys, str(missing)) == f"{missing}: cannot be read: No such file or directory.\n"
    assert refused(capsys, "a\0b") == "a\0b: cannot be read: embedded null byte.\n"


def test_a_document_that_is_too_large(
    document: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert source.MAX_BYTES == 64 * 1024 * 1024
    monkeypatch.setattr(source, "MAX_BYTES", len(JSON))
    assert main([str(document)]) == 0
    document.write_bytes(JSON + b" ")
    capsys.readouterr()
    assert refused(capsys, str(document)) == f"{document}: larger than 0 MiB.\n"


def test_a_document_from_the_web(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No key goes along, not even where one is set; redirects are followed."""
    monkeypatch.setenv("THEIRSTACK_API_KEY", "never-sent")
    site.pages["/openapi.json"] = 200, {}, JSON
    site.pages["/moved"] = 302, {"Location": "/openapi.json"}, b""
    assert main([f"{site.url}/moved"]) == 0
    assert "55 operations" in capsys.readouterr().out
    assert len(site.asked) == 2
    assert not any("authorization" in headers or "never-sent" in str(headers) for headers in site.asked)


@pytest.mark.parametrize(
    ("status", "headers", "body", "said"),
    [
        (404, {}, b"", "the server answers 404."),
        (200, {"Content-Length": "1,000"}, b"{}", "2 bytes came of 1,000; ask again."),
        (200, {"Content-Length": str(len(JSON) + 1)}, JSON, f"{len(JSON):,} bytes came of {len(JSON) + 1}; ask again."),
        (200, {"Transfer-Encoding": "chunked"}, b"10\r\n{}", "cannot be fetched: IncompleteRead("),
        (200, {}, b"<html>", "not an OpenAPI document"),
        (302, {"Location": "file:///etc/hostname"}, b"", "the server answers 302."),
        (302, {"Location": "ftp://127.0.0.1/"}, b"", "leads to ftp://127.0.0.1/, which is no http or https address."),
        (302, {"Location": "/"}, b"", "the server answers 302."),
    ],
)
def test_answers_that_are_no_document(
    site: Site, status: int, headers: dict[str, str], body: bytes, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    site.pages["/"] = status, headers, body
    assert refused(capsys, f"{site.url}/").startswith(f"{site.url}/: {said}")


def test_a_document_that_never_ends(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(source, "DEADLINE", -1.0)
    site.pages["/"] = 200, {}, JSON
    assert refused(capsys, f"{site.url}/") == f"{site.url}/: has not arrived after -1 seconds.\n"


def test_a_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as probe:  # bound, and not listening
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/"
        said = refused(capsys, url)
    assert said.startswith(f"{url}: cannot be fetched: ")
    assert "refused" in said


@pytest.mark.parametrize("url", ["http://[::1/", "http://127.0.0.1:port/"])
def test_an_address_that_is_none(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, url).startswith(f"{url}: cannot be fetched: ")


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/openapi.json", "file:///openapi.json"])
def test_other_addresses_are_refused(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, url) == f"{url}: only files and http or https addresses can be read.\n"


def test_wrong_usage_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert "PATH_OR_URL" in capsys.readouterr().err


def test_it_runs_as_a_module(document: Path) -> None:
    """Its exit code is the shell's, and errors come without a traceback."""
    drifted(document)
    command = [sys.executable, "-m", "theirstack_async.contract"]
    found = subprocess.run([*command, str(document)], check=False, capture_output=True, text=True)
    assert found.returncode == 1
    assert "The SDK gets 2 things wrong:" in found.stdout
    missing = subprocess.run([*command, str(document) + "x"], check=False, capture_output=True, text=True)
    assert missing.returncode == 2
    assert missing.stderr == f"{document}x: cannot be read: No such file or directory.\n"
