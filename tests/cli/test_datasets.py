"""``theirstack datasets``: what there is, and credentials that are not shown unless they are asked for."""

from __future__ import annotations

import json
import shlex
import subprocess
from datetime import UTC, datetime

import pytest

from tests.cli.conftest import Run
from theirstack_async import models
from theirstack_async.cli.datasets import Format, _options, _written
from theirstack_async.testing import FakeTheirStack, Status

CREDENTIALS = ("datasets", "credentials")


def test_a_line_a_dataset(fake: FakeTheirStack, run: Run) -> None:
    rows = [json.loads(line) for line in run("datasets", "list").stdout.splitlines()]
    assert "jobs" in {row["type"] for row in rows}
    assert all(row["options"] for row in rows)


@pytest.mark.usefixtures("people")
def test_a_table_for_people(fake: FakeTheirStack, run: Run) -> None:
    header, first, *_ = run("datasets", "list").stdout.splitlines()
    assert header.split() == ["dataset", "in", "plan", "files", "description"]
    assert first.split()[:4] == ["jobs", "yes", "daily", "parquet,"]


def test_the_ways_that_a_dataset_comes_are_told_once_each() -> None:
    option = models.DatasetOption(id="1", format=models.DatasetFormat.CSV, version="1", frequency=None)
    assert _options(models.Dataset(options=(option, option))) == "once csv"
    assert _options(models.Dataset()) == "-"


@pytest.mark.parametrize("for_people", [False, True])
def test_secrets_are_masked(fake: FakeTheirStack, run: Run, request: pytest.FixtureRequest, for_people: bool) -> None:
    if for_people:
        request.getfixturevalue("people")
    result = run(*CREDENTIALS)
    lines = result.stdout.splitlines()
    shown = dict(line.split()[:2] for line in lines[:3]) if for_people else json.loads(result.stdout)
    assert shown["access_key_id"]
    assert shown["secret_access_key"] == shown["session_token"] == "***"
    assert result.stderr == "The secrets are masked; --format env, json or duckdb prints them.\n"


def test_json_has_the_secrets_when_it_is_asked_for(fake: FakeTheirStack, run: Run) -> None:
    result = run(*CREDENTIALS, "--format", "json")
    made = json.loads(result.stdout)
    assert len(made["secret_access_key"]) > 8
    assert made["session_token"].startswith("token-")
    assert (made["storage"]["bucket_name"], result.stderr) == ("datasets", "")


def test_env_is_what_a_shell_reads(fake: FakeTheirStack, run: Run) -> None:
    script = run(*CREDENTIALS, "--format", "env").stdout + 'printf "%s" "$AWS_SESSION_TOKEN $AWS_ENDPOINT_URL"'
    said = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    token, endpoint = said.split()
    assert (token.startswith("token-"), endpoint) == (True, "https://storage.example")


def test_env_quotes_what_a_shell_would_read_otherwise() -> None:
    made = models.DatasetCredentials(
        access_key_id="id",
        secret_access_key="secret",
        session_token="a'b $(c)",
        expiration=datetime(2026, 1, 1, tzinfo=UTC),
        storage=models.DatasetStorage(bucket_name="b", endpoint_url="https://storage.example", prefixes=()),
    )
    assert "AWS_SESSION_TOKEN=a'b $(c)" in shlex.split(_written(made, Format.ENV))


def test_duckdb_gets_a_statement(fake: FakeTheirStack, run: Run) -> None:
    statement = run(*CREDENTIALS, "--format", "duckdb").stdout
    assert statement.startswith("CREATE OR REPLACE")
    assert "SESSION_TOKEN 'token-" in statement
    assert run(*CREDENTIALS, "--format", "yaml").exit_code == 2


def test_a_plan_without_datasets_is_refused(fake: FakeTheirStack, run: Run) -> None:
    fake.faults.add("POST /v1/datasets/credentials", Status(403))
    assert run(*CREDENTIALS).exit_code == 3
