"""The guard's decisions: what it compares with, how it reads counts, and what it makes of them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from benchmarks import guard
from benchmarks.guard import BrokenError, Count, SkippedError, Verdict, accepted, choose_base, judge, total


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty repository, which the guard takes for its own."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(guard, "ROOT", tmp_path)
    run(tmp_path, "init", "-q", "-b", "main")
    return tmp_path


def run(folder: Path, *arguments: str) -> str:
    me = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", *me, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def commit(folder: Path, message: str = "more") -> str:
    run(folder, "commit", "-q", "--allow-empty", "-m", message)
    return run(folder, "rev-parse", "HEAD")


def test_a_branch_is_compared_with_where_it_left_main(repository: Path) -> None:
    left = commit(repository)
    run(repository, "checkout", "-q", "-b", "mine")
    commit(repository)
    commit(repository)
    assert choose_base(guard.git) == (left, "where this left main")
    run(repository, "update-ref", "refs/remotes/origin/main", left)
    assert choose_base(guard.git) == (left, "where this left origin/main")


def test_commits_that_main_has_before_origin_are_compared_with_origin(repository: Path) -> None:
    pushed = commit(repository)
    run(repository, "update-ref", "refs/remotes/origin/main", pushed)
    commit(repository)
    assert choose_base(guard.git) == (pushed, "where this left origin/main")


def test_main_is_compared_with_the_newest_release_before_it(repository: Path) -> None:
    oldest = commit(repository)
    run(repository, "tag", "v0.1.0")
    released = commit(repository)
    run(repository, "tag", "v0.2.0")
    commit(repository)
    run(repository, "tag", "nightly")
    commit(repository)
    assert choose_base(guard.git) == (released, "the release v0.2.0")
    run(repository, "tag", "v0.3.0")
    assert choose_base(guard.git) == (released, "the release v0.2.0"), "HEAD is no base of its own"
    run(repository, "tag", "-d", "v0.1.0", "v0.2.0")
    assert choose_base(guard.git) == (oldest, "some commits before HEAD, for there is no release")


def test_without_a_release_it_does_not_go_back_too_far(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BACK", 2)
    commits = [commit(repository) for _ in range(5)]
    assert choose_base(guard.git) == (commits[2], "some commits before HEAD, for there is no release")


def test_a_base_that_is_given_is_taken_or_refused(repository: Path) -> None:
    first = commit(repository)
    commit(repository)
    assert choose_base(guard.git, "HEAD~1") == (first, "HEAD~1, as asked")
    with pytest.raises(BrokenError, match="nowhere is no commit here"):
        choose_base(guard.git, "nowhere")


def test_without_an_older_commit_or_without_git_it_is_skipped(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(repository)
    with pytest.raises(SkippedError, match="unshallow"):
        choose_base(guard.git)
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(SkippedError, match="no clone"):
        choose_base(guard.git)
    assert guard.main([]) == 0
    assert "SKIPPED, nothing was compared: this is no clone" in capsys.readouterr().out


def test_without_valgrind_it_is_skipped(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commit(repository)
    monkeypatch.setattr("shutil.which", lambda name: name if name == "git" else None)
    assert guard.main(["HEAD"]) == 0
    assert "SKIPPED, nothing was compared: there is no valgrind" in capsys.readouterr().out
    assert guard.main(["nowhere"]) == 2
    assert "FAILED: nowhere is no commit here" in capsys.readouterr().out


def test_the_base_is_what_was_committed_and_head_what_lies_there(repository: Path, tmp_path: Path) -> None:
    module = repository / guard.PACKAGE / "module.py"
    first = commit(repository)
    module.parent.mkdir()
    module.write_text("x = 1\n", "utf-8")
    run(repository, "add", ".")
    second = commit(repository)
    module.write_text("x = 2\n", "utf-8")
    base, head = guard.lay_out(tmp_path / "trees", second)
    place = Path(guard.PACKAGE, "module.py")
    assert ((base / place).read_text("utf-8"), (head / place).read_text("utf-8")) == ("x = 1\n", "x = 2\n")
    assert len(str(base)) == len(str(head)), "a longer path would take more instructions"
    assert all(any(tree.rglob("module.*.pyc")) for tree in (base, head)), "compiling would be counted"
    with pytest.raises(SkippedError, match=f"no {guard.PACKAGE} in {first}"):
        guard.lay_out(tmp_path / "others", first)


@pytest.mark.parametrize("line", ["summary: 1234", "totals: 1234", "summary: 99\nsomething\ntotals: 1234"])
def test_the_total_of_a_profile_is_read(line: str) -> None:
    assert total(f"# callgrind format\npart: 2\nevents: Ir\n{line}\n\nfn=(1) totals_of\n+3 77\n") == 1234


def test_a_profile_without_a_total_is_no_count_of_none() -> None:
    with pytest.raises(BrokenError, match="without a total"):
        total("# callgrind format\nfn=(1) summary: 7\n")


def test_the_work_stands_in_every_second_part_and_what_is_missing_in_none() -> None:
    told = [{"name": "a", "missing": None}, {"name": "b", "missing": "no b"}, {"name": "c", "missing": None}]
    counts = guard.read_counts("\n".join(map(json.dumps, told)), lambda part: f"totals: {part * 100}")
    assert counts == [Count("a", 200), Count("b", None, "no b"), Count("c", 400)]


@pytest.mark.parametrize(("head", "slow"), [(90, False), (103, False), (105, False), (106, True), (110, True)])
def test_a_tenth_more_is_too_slow_and_what_differs_between_runs_is_not(head: int, slow: bool) -> None:
    (verdict,) = judge([Count("call", 100)], [Count("call", head)], {})
    assert verdict.too_slow is slow
    assert guard.report([verdict]) == slow


def test_a_slowdown_is_accepted_up_to_the_ratio_that_a_commit_tells() -> None:
    messages = "Do it\n\nSlower: call 1.12: it is\n  Slower: call 9: indented\nSlower: list pages: no ratio\n"
    explained = accepted(f"{messages}\nSlower: call 1.08: less, and later\nSlower: decode ids 1.2:   because  \n")
    assert explained == {"call": (1.12, "it is"), "decode ids": (1.2, "because")}
    within, beyond = judge([Count("call", 100)] * 2, [Count("call", 112), Count("call", 113)], explained)
    assert (within.too_slow, beyond.too_slow) == (False, True)
    assert "up to 1.12 accepted: it is" in str(within)
    assert "TOO SLOW: at most 1.12" in str(beyond)
    (verdict,) = judge([Count("call", 100)], [Count("call", 104)], {"call": (1.01, "it makes nothing stricter")})
    assert not verdict.too_slow


def test_the_line_that_it_asks_for_accepts_the_slowdown(capsys: pytest.CaptureFixture[str]) -> None:
    before, after = [Count("decode a heavy page", 100_000)], [Count("decode a heavy page", 110_999)]
    assert guard.report(judge(before, after, {})) == 1
    line = capsys.readouterr().out.splitlines()[-1].strip()
    assert line == "Slower: decode a heavy page 1.12:"
    again = [Count("decode a heavy page", 111_099)]  # as it may be counted the next time
    assert guard.report(judge(before, again, accepted(f"{line} it is worth it"))) == 0


def test_what_the_base_cannot_do_is_shown_and_what_head_cannot_is_an_error() -> None:
    new, old = Count("retry", 50), Count("call", 100)
    verdicts = judge([old, Count("retry", None, "no retry")], [old, new], {})
    assert verdicts == [Verdict("call", 100, 100), Verdict("retry", None, 50, note="no retry")]
    assert "skipped, for the base cannot: no retry" in str(verdicts[1])
    assert guard.report(verdicts) == 0
    assert judge([old], [old, new], {})[1].note == "it has no such work"
    with pytest.raises(BrokenError, match="the working tree cannot retry: no retry"):
        judge([old, new], [old, Count("retry", None, "no retry")], {})
    with pytest.raises(SkippedError, match="the base can do none of the work: it has no such work"):
        judge([], [old, new], {})


def fake_valgrind(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "valgrind"
    program.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_a_tree_is_run_in_an_environment_that_does_not_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, Any] = {"name": "call", "missing": None}
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    script = f'env > "$PYTHONPATH/env"; echo totals: 7 > "$PYTHONPATH/scratch/count.2"; echo \'{json.dumps(told)}\''
    fake_valgrind(tmp_path, script, monkeypatch)
    assert guard.count(tmp_path, tmp_path) == [Count("call", 7)]
    env = dict(line.split("=", 1) for line in (tmp_path / "env").read_text("utf-8").splitlines())
    assert env["PYTHONHASHSEED"] == "0"
    assert set(env) - {"PWD", "SHLVL", "_", "OLDPWD", "LD_LIBRARY_PATH"} == {
        *("LC_ALL", "PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "PYTHONNOUSERSITE", "PYTHONPATH")
    }


def test_work_that_ends_badly_is_no_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_valgrind(tmp_path, "echo why >&2; exit 3", monkeypatch)
    with pytest.raises(BrokenError, match=r"ended with 3:\nwhy"):
        guard.count(tmp_path, tmp_path)
