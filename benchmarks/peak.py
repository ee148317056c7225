"""The most memory that a process ever had."""

from __future__ import annotations

from pathlib import Path


def peak() -> float:
    """Return the most resident memory that this process ever had, in MB.

    Not ``ru_maxrss``: a process that was started by a large one begins with that one's figure (getrusage(2): it is kept
    over an execve).
    """
    status = Path("/proc/self/status").read_text("ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024 / 1e6
