"""The store in a file, with real processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FORKED = """
import asyncio, os, sys
from theirstack_async.quota import SQLiteQuota

def count(document, now):
    document["n"] = document.get("n", 0) + 1
    return document["n"]

store = SQLiteQuota(sys.argv[1])
assert asyncio.run(store.update("key", count)) == 1
child = os.fork()
if child == 0:
    asyncio.run(store.update("key", count))
    asyncio.run(store.aclose())
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert asyncio.run(store.update("key", count)) == 3
asyncio.run(store.aclose())
"""

AT_ONCE = """
import asyncio, sys
from theirstack_async.quota import SQLiteQuota

def count(document, now):
    document["n"] = document.get("n", 0) + 1

async def main():
    store = SQLiteQuota(sys.argv[1], timeout=30)
    sys.stdout.write("ready\\n")
    sys.stdout.flush()
    sys.stdin.readline()
    await asyncio.gather(*(store.update("key", count) for _ in range(25)))
    print(await store.update("key", lambda document, now: document["n"]))
    await store.aclose()

asyncio.run(main())
"""


def test_a_child_that_was_forked_and_its_parent_share_the_file(tmp_path: Path) -> None:
    """The thread and the connection of the parent do not exist in the child, or must not be used there."""
    subprocess.run([sys.executable, "-c", FORKED, str(tmp_path / "quota.db")], check=True, timeout=60)


def test_processes_that_open_a_new_file_at_once_lose_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", AT_ONCE, str(tmp_path / "quota.db")]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    for process in started:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    seen = [process.communicate()[0] for process in started]
    assert [process.returncode for process in started] == [0] * 4
    assert max(map(int, seen)) == 100
