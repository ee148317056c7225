"""Errors, exit codes, and what is said on stderr."""

from __future__ import annotations

import importlib
import inspect
import logging
import subprocess
import sys
from typing import Any

import pytest

import theirstack_async
from tests.cli.conftest import Run
from theirstack_async import errors
from theirstack_async.cli import app as app_module
from theirstack_async.cli import main, messages
from theirstack_async.cli.exits import EXIT_CODES, ExitCode, explain
from theirstack_async.testing import FakeTheirStack, Status

CODES = {
    "APIError": 1, "ArgumentError": 2, "AuthenticationError": 3, "BadRequestError": 1, "BatchError": 1,
    "BudgetExceededError": 4, "ClientClosedError": 1, "ConfigurationError": 2, "ConflictError": 1, "ConnectError": 6,
    "ConnectionLostError": 6, "DecodeError": 6, "DeliveryError": 1, "DeliveryStoreError": 1,
    "InsufficientCreditsError": 4, "JournalError": 1, "NotFoundError": 1,
    "OutcomeUnknownError": 7, "PaginationError": 6, "PermissionDeniedError": 3, "QuotaError": 6, "RateLimitError": 5,
    "ReplayError": 1, "ReplayLockedError": 10, "RequestTimeoutError": 6,
    "ServerError": 6, "SinkError": 1, "SignatureError": 1, "StateError": 1, "StateLockedError": 10,
    "TheirStackError": 1, "TransportError": 6, "UnprocessableError": 1,
}  # fmt: skip


def test_each_error_has_its_exit_code() -> None:
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)]
    assert {kind.__name__: explain(kind("it broke"))[0].value for kind in kinds} == CODES


def test_what_to_do_next_follows_what_happened() -> None:
    assert explain(errors.RateLimitError("too fast")) == (5, "too fast. Wait, and run the command again.")
    assert explain(errors.ConflictError("not now!")) == (1, "not now!")
    assert explain(errors.TheirStackError()) == (1, "")


def test_help_documents_every_code(run: Run) -> None:
    text = run("--help").stdout
    assert {code for code, _ in EXIT_CODES} == {*ExitCode}
    assert all(f"{code.value:>3}  {meaning}" in text for code, meaning in EXIT_CODES)


def test_an_answer_that_refuses_is_one_line_with_the_request_id(fake: FakeTheirStack, run: Run) -> None:
    result = run("webhooks", "get", 7)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert result.stderr.startswith("error: GET /v0/webhooks/7 was answered 404")
    assert "Request id " in result.stderr
    assert "theirstack webhooks list (lists list, searches list) shows" in result.stderr


@pytest.mark.parametrize(("status", "code"), [(400, 1), (401, 3), (402, 4), (403, 3), (409, 1), (422, 1)])
def test_a_status_becomes_a_code(fake: FakeTheirStack, run: Run, status: int, code: int) -> None:
    fake.faults.add("GET /v0/webhooks", Status(status))
    assert run("webhooks", "list").exit_code == code


def test_no_key_is_a_usage_error(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THEIRSTACK_API_KEY", raising=False)
    result = run("--base-url", "http://127.0.0.1:9", "webhooks", "list")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "THEIRSTACK_API_KEY" in result.stderr


def test_global_options_reach_the_client(fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THEIRSTACK_BASE_URL", "http://127.0.0.1:9")
    assert run("--base-url", fake.base_url, "--api-key", "wrong", "webhooks", "list").exit_code == 3
    refused = run("--base-url", fake.base_url, "--timeout", 0, "webhooks", "list")
    assert (refused.exit_code, "--timeout: expected seconds above 0" in refused.stderr) == (2, True)
    assert run("--base-url", "nonsense", "webhooks", "list").exit_code == 2
    assert run("--base-url", fake.base_url, "--timeout", 20, "webhooks", "list").exit_code == 0


def test_verbose_logs_and_never_shows_the_key(fake: FakeTheirStack, run: Run) -> None:
    before = logging.getLogger("theirstack_async").level
    loud = run("--verbose", "webhooks", "list")
    assert "theirstack_async DEBUG" in loud.stderr
    assert fake.api_key not in loud.output
    assert run("webhooks", "list").stderr == ""
    assert logging.getLogger("theirstack_async").level == before


def test_debug_shows_where_an_error_arose(fake: FakeTheirStack, run: Run) -> None:
    before = logging.getLogger().level
    result = run("--debug", "webhooks", "get", 7)
    assert "Traceback" in result.stderr
    assert "asyncio DEBUG" in result.stderr
    assert fake.api_key not in result.output
    assert logging.getLogger().level == before


def _break_listing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    from theirstack_async.resources.webhooks import Webhooks

    async def broken(_: Webhooks) -> Any:
        raise error

    monkeypatch.setattr(Webhooks, "list", broken)


def test_what_nobody_expected_is_one_line_too(fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    _break_listing(monkeypatch, KeyError("x"))
    result = run("webhooks", "list")
    assert (result.exit_code, result.stderr) == (1, "error: KeyError: 'x' (not expected; --debug shows where)\n")


def test_a_reader_that_went_away_is_no_error_to_speak_of(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    _break_listing(monkeypatch, BrokenPipeError(errno.EPIPE, "Broken pipe"))
    result = run("webhooks", "list")
    assert (result.exit_code, result.stderr) == (1, "")


def test_an_error_is_wrapped_between_words_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    messages.fail("one two-three four\x1b[5m https://example.invalid/a/long/one")
    assert capsys.readouterr().err.replace("\x1b[31m\x1b[1m", "").replace("\x1b[0m", "").splitlines() == [
        "error: one two-three",
        "four [5m",
        "https://example.invalid/a/long/one",
    ]


@pytest.mark.parametrize(("answer", "code"), [("n\n", 1), ("", 130)])
def test_a_question_that_is_not_answered_yes_ends_the_command(
    run: Run, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    _on_a_terminal(monkeypatch)
    result = run("webhooks", "archive", 7, stdin=answer)
    assert result.exit_code == code
    assert "Webhook 7 will end for good" in result.stderr


def test_yes_goes_on(fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    _on_a_terminal(monkeypatch)
    webhook = fake.seed_webhook("https://example.invalid/hook")
    assert run("webhooks", "archive", webhook, stdin="y\n").exit_code == 0


def _on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Sys:
        class stdin:  # noqa: N801  # stands for sys.stdin
            @staticmethod
            def isatty() -> bool:
                return True

        stderr = sys.stderr

    monkeypatch.setattr(messages, "sys", Sys)


def test_version(run: Run) -> None:
    assert run("--version").stdout.startswith(f"theirstack {theirstack_async.__version__} (Python 3.")


@pytest.mark.parametrize(
    "command",
    [
        [],
        *([name] for name in ("jobs", "companies", "lists", "searches", "catalog", "datasets", "webhooks", "events")),
        ["sync"],
        ["replay"],
        ["state"],
    ],
)
def test_nothing_named_shows_the_help(run: Run, command: list[str]) -> None:
    result = run(*command)
    assert "Commands:" in result.output


HOW_TO_INSTALL = "theirstack: the program needs typer and rich: pip install 'theirstack-async[cli]'\n"


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_the_extra_one_line_says_so(missing: str) -> None:
    code = f"import sys; sys.modules['{missing}'] = None; from theirstack_async.cli import main; main()"
    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", HOW_TO_INSTALL)


def test_the_same_in_this_process(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delitem(sys.modules, "theirstack_async.cli.app")
    monkeypatch.setitem(sys.modules, "typer", None)
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, capsys.readouterr().err) == (2, HOW_TO_INSTALL)


def test_another_missing_module_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "theirstack_async.cli.app")
    monkeypatch.setitem(sys.modules, "theirstack_async.cli.demo", None)
    with pytest.raises(ModuleNotFoundError, match=r"cli\.demo"):
        main()


def test_main_runs_the_program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["theirstack", "--version"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("theirstack ")


def test_importing_the_door_imports_no_library() -> None:
    code = "import sys, theirstack_async.cli; sys.exit({'typer', 'rich', 'aiohttp'} & {*sys.modules} != set())"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_help_loads_neither_the_client_nor_the_fake() -> None:
    code = """
import sys
sys.argv = ["theirstack", "jobs", "search", "--help"]
from theirstack_async.cli import main
try:
    main()
except SystemExit:
    heavy = ("aiohttp", "cattrs", "msgspec", "theirstack_async.testing", "theirstack_async.models.job")
    print({*heavy} & {*sys.modules}, file=sys.stderr)
"""
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ended.stderr == "set()\n"


def test_module_is_the_program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import runpy

    module = importlib.import_module("theirstack_async.__main__")
    monkeypatch.setattr(sys, "argv", ["theirstack", "--version"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(module.__file__), run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("theirstack ")
    assert module.main is main
    assert app_module.app is not None


def test_ctrl_c_while_the_program_loads_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    class Impatient:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "theirstack_async.cli.app":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "theirstack_async.cli.app")
    monkeypatch.setattr(sys, "meta_path", [Impatient(), *sys.meta_path])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130


def test_ctrl_c_while_typer_puts_the_commands_together_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    def impatient(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("typer.main.get_command", impatient)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 130
