"""What the options of ``theirstack replay`` mean, and which API they name."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from theirstack_async import ArgumentError
from theirstack_async.cli import replay_options as by
from theirstack_async.cli.replay_options import Environment, ProviderName
from theirstack_async.cli.replay_provider import Wish, choose
from theirstack_async.cli.session import Settings
from theirstack_async.replay import BITGO_PRODUCTION, BITGO_TEST, ReplayPlan, StopWhen


def pace(stop_when: str) -> Any:
    none: dict[str, Any] = dict.fromkeys(("rate", "max_concurrency", "canary", "on_unknown", "grace"))
    return by.pace(stop_when=stop_when, **none)


@pytest.mark.parametrize(("text", "share"), [("10%", 0.1), ("0.25", 0.25), ("100%", 1.0), ("0", 0.0)])
def test_shares(text: str, share: float) -> None:
    assert by.read_share("--tolerance", text) == share


@pytest.mark.parametrize("text", ["", "%", "half", "101%", "-1%", "nan", "2"])
def test_no_shares(text: str) -> None:
    with pytest.raises(ArgumentError, match="--tolerance: expected a share such as 10%") as caught:
        by.read_share("--tolerance", text)
    assert caught.value.field == "--tolerance"


def test_when_to_stop() -> None:
    assert pace("50%") == {"stop_when": StopWhen(failed=0.5)}
    assert pace("0.2/100") == {"stop_when": StopWhen(failed=0.2, of=100)}
    assert pace("never") == {"stop_when": None}


@pytest.mark.parametrize("text", ["0", "50%/", "50%/x", "50%/0", "often"])
def test_no_time_to_stop(text: str) -> None:
    with pytest.raises(ArgumentError, match="--stop-when: expected a share"):
        pace(text)


@pytest.mark.parametrize(
    ("targets", "is_file"),
    [(["7"], False), (["7", "8"], False), (["-"], False), (["5f3a"], False), (["plan.jsonl"], True),
     (["plans/monday"], True), (["a.jsonl", "b.jsonl"], False)],
)  # fmt: skip
def test_a_name_that_is_no_id_is_a_file(targets: list[str], is_file: bool) -> None:
    assert by.plan_file(targets) == (Path(targets[0]) if is_file else None)


def test_what_is_there_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plan").touch()
    Path("7").touch()
    assert by.plan_file(["plan"]) == Path("plan")
    assert by.plan_file(["7"]) is None


def test_states() -> None:
    assert by.read_states(None) is None
    assert by.read_states("Failed-again, missing") == frozenset({"failed_again", "missing"})
    with pytest.raises(ArgumentError, match="--state: '' is none of planned, excluded, "):
        by.read_states("missing,")


def plan_of(provider: str, where: str) -> ReplayPlan:
    return ReplayPlan(
        provider=provider, where=where, made_at=datetime(2026, 5, 1, tzinfo=UTC), start=None, end=None, status=("X",),
        auto_retry="include", batch_size=1, windows=(), entries=(),
    )  # fmt: skip


PRODUCTION = plan_of("bitgo", BITGO_PRODUCTION)


@pytest.mark.parametrize(
    ("wish", "of", "name", "base_url"),
    [
        (Wish(Settings()), None, "theirstack", None),
        (Wish(Settings(base_url="http://127.0.0.1:9")), plan_of("theirstack", "http://x"), "theirstack", None),
        (Wish(Settings(), ProviderName.BITGO), None, "bitgo", BITGO_TEST),
        (Wish(Settings(), ProviderName.BITGO, Environment.PRODUCTION), None, "bitgo", BITGO_PRODUCTION),
        (Wish(Settings()), PRODUCTION, "bitgo", BITGO_PRODUCTION),
        (Wish(Settings(), None, Environment.TEST), PRODUCTION, "bitgo", BITGO_TEST),
        (Wish(Settings(base_url="http://127.0.0.1:9")), PRODUCTION, "bitgo", "http://127.0.0.1:9"),
        (Wish(Settings()), plan_of("bitgo", "https://elsewhere.invalid"), "bitgo", BITGO_TEST),
    ],
)
def test_the_api_is_chosen(wish: Wish, of: ReplayPlan | None, name: str, base_url: str | None) -> None:
    """A file does not decide where a token is sent to, but for which of BitGo's own addresses."""
    api = choose(wish, of)
    assert (api.name, api.base_url) == (name, base_url)


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (Wish(Settings(), environment=Environment.TEST), "--bitgo-environment: is for --provider bitgo"),
        (Wish(Settings(), admin=True), "--admin: is for --provider bitgo"),
        (Wish(Settings(api_key="key"), ProviderName.BITGO), "--api-key: is for TheirStack"),
        (Wish(Settings(quota="q.db"), ProviderName.BITGO), "--quota: is for TheirStack"),
        (Wish(Settings(base_url="http://x"), ProviderName.BITGO, Environment.TEST), "and so does --base-url"),
    ],
)
def test_options_that_do_not_go_together(wish: Wish, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        choose(wish)


def test_nobody_knows_another_provider() -> None:
    with pytest.raises(ArgumentError, match="belongs to 'acme', which this program does not know"):
        choose(Wish(Settings()), plan_of("acme", "http://x"))
