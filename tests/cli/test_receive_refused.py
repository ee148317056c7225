"""``theirstack receive`` with options that cannot be: it says why, and listens nowhere."""

from __future__ import annotations

import errno
import os
import socket

import pytest
from aiohttp import web

from tests.cli._receiving import SECRET, Receiving, nothing, receiving
from tests.cli.conftest import Run
from theirstack_async._database.thread import file_lock

__all__ = ["receiving"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--secret-env", "NOWHERE"), "--secret-env: the environment variable NOWHERE is not set; it has to hold"),
        (("--secret-env", "BLANK"), "--secret-env: the environment variable BLANK is empty; it has to hold"),
        (("--path", "hook"), "--path: expected a path such as /theirstack, got 'hook'"),
        (("--path", "/{name}"), "--path: expected a path such as /theirstack, got '/{name}'"),
        (("--store", "{out}"), "--store: {out} is the file of --out; they have to be two."),
        (("--reconcile", 7), "--reconcile: say with --since WHEN how far to look back."),
        (("--since", "2026-05-01T00:00:00Z"), "--since: is for --reconcile WEBHOOK_ID, which is missing."),
        (("--reconcile", 7, "--since", "2026-05-01"), "--since: expected an instant with an offset such as"),
        (("--budget", 0), "budget: expected seconds above 0"),
        (("--out", "{out}/nowhere/events.jsonl"), "--out: cannot write {out}/nowhere/events.jsonl: the folder"),
        (("--out", "{folder}"), "--out: {folder} is no file that lines can be added to."),
    ],
)
def test_what_cannot_be_is_refused(
    receiving: Receiving, run: Run, monkeypatch: pytest.MonkeyPatch, options: tuple[object, ...], said: str
) -> None:
    monkeypatch.setenv("BLANK", " \n")
    names = {"out": receiving.out, "folder": receiving.out.parent}
    given = [str(each).format(**names) if "name" not in str(each) else each for each in options]
    result = run("receive", "--port", 0, "--secret-env", "SECRET", "--out", receiving.out, *given)
    assert (result.exit_code, result.stdout) == (2, "")
    assert (said.format(**names) if "name" not in said else said) in result.stderr


def test_a_secret_and_a_file_are_compulsory(run: Run, receiving: Receiving) -> None:
    for options in (("--out", receiving.out), ("--secret-env", "SECRET")):
        result = run("receive", *options)
        assert (result.exit_code, "Missing option" in result.stderr) == (2, True)


def test_a_port_that_is_taken_is_a_usage_error(run: Run, receiving: Receiving) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("receive", "--port", port, "--secret-env", "SECRET", "--out", receiving.out)
    assert (result.exit_code, result.stdout) == (2, "")
    why = os.strerror(errno.EADDRINUSE)
    said = f"error: --port: cannot listen on 127.0.0.1, port {port}: {why}; give another one, or another --host.\n"
    assert result.stderr == said


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "Name or service not known"),
        (OSError("could not bind on any address out of [('192.0.2.1', 0)]"), "could not bind on any address out of"),
    ],
)
def test_an_address_that_is_not_had_is_told(
    run: Run, receiving: Receiving, monkeypatch: pytest.MonkeyPatch, error: OSError, why: str
) -> None:
    async def start(_: web.TCPSite) -> None:
        raise error

    monkeypatch.setattr(web.TCPSite, "start", start)
    result = run("receive", "--port", 0, "--host", "elsewhere", "--secret-env", "SECRET", "--out", receiving.out)
    assert result.exit_code == 2
    assert f"error: --port: cannot listen on elsewhere, port 0: {why}" in result.stderr


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        (
            f"{SECRET}\n",
            "SECRET begins or ends with white space or a line break, which counts as a part of the secret.",
        ),
        ("fifteen letters", "SECRET is shorter than 16 characters, and the API takes no such secret:"),
        ("sixteen letters.", ""),
    ],
)
def test_a_secret_that_is_unlikely_is_told(
    receiving: Receiving, monkeypatch: pytest.MonkeyPatch, secret: str, said: str
) -> None:
    monkeypatch.setenv("SECRET", secret)
    result = receiving(nothing)
    assert result.exit_code == 0
    assert result.stderr.startswith(said or "Listening on ")


def test_a_store_that_is_none_is_told(run: Run, receiving: Receiving) -> None:
    receiving.kept.write_text("no database " * 100, "utf-8")
    result = run("receive", "--port", 0, "--secret-env", "SECRET", "--out", receiving.out)
    assert (result.exit_code, result.stdout) == (1, "")
    assert str(receiving.kept) in result.stderr


def test_two_programs_do_not_write_to_one_file(receiving: Receiving, run: Run) -> None:
    with file_lock(f"{receiving.out}.lock"):
        result = run("receive", "--port", 0, "--secret-env", "SECRET", "--out", receiving.out)
    assert (result.exit_code, result.stdout) == (10, "")
    assert f"another program writes to {receiving.out}; let it end, or give each a file of its own." in result.stderr
    assert receiving(nothing).exit_code == 0
