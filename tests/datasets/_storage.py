"""A bucket on this machine, in moto's S3 server, that wants temporary credentials: those of a role that may only read.

The server checks the key, the token and the signature of each request, as S3 does. It takes any region.
"""

from __future__ import annotations

import io
import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

BUCKET = "datasets"
ROWS = [(1, "Data engineer"), (2, 'Ingénieur "données", senior'), (3, "数据工程师")]
CSV = "jobs/daily/jobs.csv"
PARQUET = "jobs/hourly/date=2026-09-21/part 0.parquet"
FILES = [CSV, PARQUET]


@dataclass(frozen=True)
class Storage:
    """A server, and the keys that open its bucket."""

    endpoint: str
    keys: dict[str, str]


@contextmanager
def storage() -> Iterator[Storage]:
    """Serve the bucket with its two files, which hold the same rows."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        endpoint = "http://{}:{}".format(*server.get_host_and_port())
        _upload(endpoint)
        keys = _reader(endpoint)
        _demand_authentication(endpoint)
        yield Storage(endpoint, keys)
    finally:
        server.stop()


def _service(name: str, endpoint: str) -> Any:
    import boto3

    return boto3.client(
        name,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="owner",
        aws_secret_access_key="not-checked-yet",
    )


def _upload(endpoint: str) -> None:
    import pandas as pd

    table = pd.DataFrame(ROWS, columns=["id", "title"])
    parquet = io.BytesIO()
    table.to_parquet(parquet)
    bucket = _service("s3", endpoint)
    bucket.create_bucket(Bucket=BUCKET)
    bucket.put_object(Bucket=BUCKET, Key=PARQUET, Body=parquet.getvalue())
    bucket.put_object(Bucket=BUCKET, Key=CSV, Body=table.to_csv(index=False).encode())


def _reader(endpoint: str) -> dict[str, str]:
    """Return temporary keys of a role that may list the bucket and get what is in it, and nothing else."""
    roles = _service("iam", endpoint)
    allowed = {"s3:ListBucket": f"arn:aws:s3:::{BUCKET}", "s3:GetObject": f"arn:aws:s3:::{BUCKET}/*"}
    arn = roles.create_role(RoleName="reader", AssumeRolePolicyDocument=_policy({}))["Role"]["Arn"]
    roles.put_role_policy(RoleName="reader", PolicyName="read", PolicyDocument=_policy(allowed))
    keys = _service("sts", endpoint).assume_role(RoleArn=arn, RoleSessionName="a-week")["Credentials"]
    return {
        "access_key_id": keys["AccessKeyId"],
        "secret_access_key": keys["SecretAccessKey"],
        "session_token": keys["SessionToken"],
    }


def _policy(allowed: dict[str, str]) -> str:
    statements = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in allowed.items()]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _demand_authentication(endpoint: str) -> None:
    """Let the server check each request from now on (https://docs.getmoto.org/en/latest/docs/iam.html)."""
    plain = {"Content-Type": "text/plain"}
    request = urllib.request.Request(f"{endpoint}/moto-api/reset-auth", data=b"0", headers=plain, method="POST")
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
