"""What it costs to begin: making a client, and decoding the first page of events, measured against ``import aiohttp``.

    python benchmarks/startup.py [rounds]

Each figure is the least processor time that a fresh interpreter took beyond one that does nothing, over rounds in
which all of them run in turn, so that a busy machine slows them alike. The package is compiled first, as pip does when
it installs one; where it lies in a source tree, a compiled copy is measured.
"""

from __future__ import annotations

import compileall
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import theirstack_async
from theirstack_async.testing.payloads import Payloads

EVENTS = 100
CLIENT = 'from theirstack_async import TheirStack; client = TheirStack(api_key="x")'
DECODE = """
from theirstack_async._convert import Converter
from theirstack_async.models import WebhookEvent
rows = Converter().decode_rows(open({page!r}, "rb").read(), WebhookEvent)
assert len(rows.rows) == {events} and not rows.rejected
"""


def cpu(code: str, folder: str) -> float:
    """Return the processor seconds of a fresh interpreter that runs some code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    env = {**os.environ, "PYTHONPATH": folder}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=folder, env=env)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def page() -> bytes:
    """Return a page of events, each with a job."""
    made = Payloads(0)
    row = (
        b'{"id":%d,"webhook_id":7,"triggered_at":"2026-09-21T09:00:00Z","created_at":"2026-09-21T09:00:00Z",'
        b'"updated_at":"2026-09-21T09:00:00Z","status":"FAILED","payload":%b}'
    )
    return b"[" + b",".join(row % (number, made.record("job", number)) for number in range(1, EVENTS + 1)) + b"]"


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "theirstack_async"
        shutil.copytree(Path(str(theirstack_async.__file__)).parent, package)
        compileall.compile_dir(package, quiet=2)
        file = Path(folder) / "page.json"
        file.write_bytes(page())
        codes = {
            "nothing": "pass",
            "import aiohttp": "import aiohttp",
            "client": CLIENT,
            "client and first page": CLIENT + DECODE.format(page=str(file), events=EVENTS),
        }
        best = dict.fromkeys(codes, float("inf"))
        for _ in range(rounds):
            for name, code in codes.items():
                best[name] = min(best[name], cpu(code, folder))
    floor = best["import aiohttp"] - best["nothing"]
    client = (best["client"] - best["nothing"]) / floor
    first = (best["client and first page"] - best["client"]) / floor
    milliseconds = {name: round(value * 1000, 1) for name, value in best.items()}
    print(json.dumps({"ms": milliseconds, "client": round(client, 3), "first page": round(first, 3)}))
    print(f"a client costs {client:.2f} x import aiohttp (at most 1.15), the first page {first:.2f} x (at most 0.15)")
    return 0 if client <= 1.15 and first <= 0.15 else 1


if __name__ == "__main__":
    sys.exit(main())
