"""All checks: ``nox -l`` lists them, ``nox -s NAME`` runs one, ``.ci/run`` runs all that a change must pass."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from pathlib import Path

import nox

nox.needs_version = ">=2024.10.9"
nox.options.sessions = ["tests", "lint", "typing", "docs"]
nox.options.reuse_existing_virtualenvs = True

ROOT = Path(__file__).parent
PYTHONS = ["3.11", "3.12", "3.13"]
FULL = PYTHONS[-1]
# The samples of the pages, what type checkers say, what a terminal shows, what outlives a killed program, the frame of
# the benchmarks, and how long files are, are the same on every Python.
CORE = [
    *("-m", "not slow and not contract", "--ignore-glob=tests/cli/*terminal*"),
    *("--ignore=tests/docs", "--ignore=tests/typing", "--ignore=tests/incremental", "--ignore=tests/benchmarks"),
    "--ignore=tests/test_budget.py",
]
TWICE = [*CORE, "--dist", "load", "--tx", "2*popen"]
"""The core suite in two processes (pytest-xdist)."""
DEVELOPING = [*CORE, "--dist", "load", "--tx", "2*popen//python=python -X dev"]
"""The same in Python's development mode, which the programs that tests start need not be in."""
# The processes have to collect the same tests, also those that are named after a set.
AT_ONCE = {"PYTHONHASHSEED": "0", "HYPOTHESIS_PROFILE": "again"}
SHORT_RUNS = ["--ignore-glob=tests/cli/test_re*", "--ignore-glob=tests/cli/test_sync*"]
"""Leaves out of the program what runs for long: the newest Python tries that."""
INSTALLED = ["tests/cli/test_demo.py", "tests/cli/test_receive.py", "tests/cli/test_replay.py", "tests/wire"]
"""What is tried with the installed package; all of its modules are imported besides."""
IMPORT_ALL = """
import importlib, pkgutil, theirstack_async
for module in pkgutil.walk_packages(theirstack_async.__path__, "theirstack_async."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""
EXTRAS = ["cli", "duckdb", "parquet", "postgres", "redis", "testing", "zstd", "uvloop"]
DEEP = {"HYPOTHESIS_PROFILE": "deep", "LOAD_SCALE": "1"}
# An S3 server, and what reads datasets from one. DuckDB's extension comes as a package, or DuckDB would download it.
DATASETS = ["moto[server]", "s3fs", "pandas", "pyarrow", "polars", "duckdb-extension-httpfs"]
# What the package is compared with, what draws the chart, and what profiles.
BENCH = ["orjson", "httpx", "pydantic>=2", "requests", "openapi-python-client", "matplotlib", "py-spy"]

# Written with [] so that this list does not find itself.
FORBIDDEN = {
    "a path of one machine": r"(?<![\w.}])/(?:[w]ork|[r]oot|[t]mp|[h]ome/\w+|[o]pt)/\w",
    "a registry's address": r"[r]egistry\.npmjs|[f]iles\.pythonhosted|[p]ypi\.org/simple|[p]ypi\.python",
    "a private key": r"-----[B]EGIN [A-Z ]*PRIVATE KEY",
    "a token": r"\b(?:[g]hp_|[g]ithub_pat_|[p]ypi-A|[n]pm_)\w{16}|[B]earer [A-Za-z0-9_-]{24}",
}


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """All tests with full coverage on 3.13, the core suite on the others, the program on the oldest and the newest."""
    session.install("-e", ".[test]")
    if session.python == FULL:
        measured(session, *session.posargs)
    else:
        between = [] if session.python == PYTHONS[0] else ["--ignore=tests/cli"]
        session.run("python", "-m", "pytest", *TWICE, *between, *session.posargs, env=AT_ONCE)


@nox.session(python=PYTHONS[0])
def developing(session: nox.Session) -> None:
    """The core suite in Python's development mode, which sees more: before a release."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", *DEVELOPING, *session.posargs, env=AT_ONCE)


@nox.session(python=FULL)
def deep(session: nox.Session) -> None:
    """All tests and the contract with all examples and loads: before a release, and before an issue is closed."""
    session.install("-e", ".[test]", "schemathesis")
    prism = install_prism(session)
    # Some of these take longer than a test that hangs may, and CPython can crash where it shows the stacks of others.
    measured(session, "-o", "faulthandler_timeout=0", *session.posargs, env=DEEP | prism)


@nox.session(python=FULL)
def lint(session: nox.Session) -> None:
    """Style, format, and that nothing of one machine is in the tree."""
    session.install("ruff>=0.9")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    found = private_things(session)
    if found:
        session.error("\n".join(["these must not be in the repository:", *found]))


@nox.session(python=FULL)
def typing(session: nox.Session) -> None:
    """Two strict type checkers, the completeness of the public types, and what must not pass."""
    session.install("-e", ".[test]", "mypy>=1.14", "pyright>=1.1.390")
    session.run("mypy")
    session.run("pyright", "--warnings")
    verify = ["pyright", "--verifytypes", "theirstack_async", "--ignoreexternal"]
    report = session.run(*verify, "--outputjson", silent=True, success_codes=[0, 1])
    score = json.loads(str(report))["typeCompleteness"]["completenessScore"]
    if score < 1:
        session.run(*verify)
        session.error(f"only {score:.1%} of the public symbols have a complete type")
    session.log("100 % of the public symbols have a complete type")
    session.run("python", "-m", "pytest", "tests/typing", *session.posargs)


@nox.session(python=PYTHONS[0])
def lowest(session: nox.Session) -> None:
    """The core suite on the oldest Python with the lowest versions that pyproject.toml allows."""
    # Not in create_tmp(), which would move the tests' temporary files too.
    constraints = Path(session.virtualenv.location) / "lowest.txt"
    constraints.write_text("\n".join(lowest_versions()) + "\n", "utf-8")
    session.install("-e", ".[test]", "-c", str(constraints))
    session.run("python", "-m", "pytest", *TWICE, *SHORT_RUNS, *session.posargs, env=AT_ONCE)


@nox.session(python=FULL)
def latest(session: nox.Session) -> None:
    """The core suite with the newest versions of all, pre-releases included."""
    session.install("--upgrade", "--pre", "-e", ".[test]")
    session.run("python", "-m", "pytest", *TWICE, *session.posargs, env=AT_ONCE)


@nox.session(python=FULL)
def docs(session: nox.Session) -> None:
    """Build the pages with warnings as errors. Their samples are executed by the tests."""
    session.install("-e", ".[cli,testing,docs]")
    session.run("sphinx-build", "-W", "--keep-going", "-q", "-b", "html", "docs", "docs/_build/html")


@nox.session(python=FULL)
def contract(session: nox.Session) -> None:
    """The SDK against mock servers made of the API's documents, and the fake server against the vendor's own."""
    session.install("-e", ".[test]", "schemathesis")
    session.run("python", "-m", "pytest", "tests/contract", *session.posargs, env=install_prism(session))
    for document in sorted((ROOT.parent / "shared" / "api").glob("theirstack*.openapi.*")):
        session.run("python", "-m", "theirstack_async.contract", str(document))


@nox.session(python=FULL)
def datasets(session: nox.Session) -> None:
    """The credentials of the datasets, used by the tools that read datasets, against an S3 server on this machine."""
    session.install("-e", ".[test]", *DATASETS)
    session.run("python", "-m", "pytest", "tests/datasets", *session.posargs, env={"DATASET_TOOLS": "required"})


@nox.session(python=FULL)
def quota(session: nox.Session) -> None:
    """Several processes that share a key's windows and a budget, over a file and over a real ``redis-server``."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", "tests/quota", *session.posargs, env=DEEP | {"REDIS_SERVER": "required"})


@nox.session(python=FULL)
def incremental(session: nox.Session) -> None:
    """Extractions that are killed at every step, over files and over a real PostgreSQL server."""
    session.install("-e", ".[test]")
    session.run(
        "python", "-m", "pytest", "tests/incremental", *session.posargs, env=DEEP | {"POSTGRES_SERVER": "required"}
    )


@nox.session(python=FULL)
def guard(session: nox.Session) -> None:
    """Instructions that decoding and calls take, against the commit where the branch began: at most 5 % more."""
    # Without the package itself, of which both trees bring their own.
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    session.install(*project["dependencies"])
    session.run("python", "benchmarks/guard.py", *session.posargs)


@nox.session(python=FULL)
def bench(session: nox.Session) -> None:
    """How fast the package is and what it costs, side by side with others: ``nox -s bench -- --scale 0.1`` is quick."""
    session.install("-e", ".[uvloop,zstd]", *BENCH)
    if not (ROOT.parent / "shared").is_dir():
        session.warn("no ../shared with the API's document: nothing can be compared with a client generated of it")
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session(python=FULL)
def package(session: nox.Session) -> None:
    """Build wheel and sdist, install the wheel alone, and run tests against it, away from the sources."""
    session.install("build", "twine")
    tmp = Path(session.create_tmp()).resolve()
    shutil.rmtree(tmp, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(tmp / "dist"))
    built = sorted((tmp / "dist").iterdir())
    session.run("twine", "check", "--strict", *map(str, built))
    wheel = next(path for path in built if path.suffix == ".whl")

    session.run("python", "-m", "venv", "--clear", str(tmp / "venv"))
    python = str(tmp / "venv" / "bin" / "python")
    place = tmp / "elsewhere"
    place.mkdir()
    for name in ("tests", "docs", "examples", "benchmarks"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__", "_build"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, place)
    with session.chdir(place):
        session.run(python, "-m", "pip", "install", "-q", str(wheel), external=True)
        session.run(python, "-W", "error", "-c", "from theirstack_async import TheirStack", external=True)
        program = str(tmp / "venv" / "bin" / "theirstack")
        said = session.run(program, "demo", external=True, silent=True, success_codes=[2])
        if "theirstack-async[cli]" not in str(said):
            session.error(f"without its extra the program should name it, and said: {said}")
        session.run(python, "-m", "pip", "install", "-q", f"{wheel}[test]", external=True)
        session.run(python, "-W", "error", "-c", IMPORT_ALL, external=True)
        session.run(python, "-m", "pytest", *TWICE, *(session.posargs or INSTALLED), external=True, env=AT_ONCE)


def measured(session: nox.Session, *args: str, env: dict[str, str] | None = None) -> None:
    """Run pytest with coverage from the interpreter's start, child processes included, and demand all of it.

    A plugin of pytest imports part of the package before pytest-cov could begin to count.
    """
    data = Path(session.create_tmp()) / "coverage"
    for old in data.parent.glob("coverage*"):
        old.unlink()
    measure = {"COVERAGE_PROCESS_START": str(ROOT / "pyproject.toml"), "COVERAGE_FILE": str(data)}
    session.run("python", "-m", "pytest", *args, env=measure | (env or {}))
    session.run("coverage", "combine", "-q", env={"COVERAGE_FILE": str(data)})
    session.run("coverage", "report", env={"COVERAGE_FILE": str(data)})


def install_prism(session: nox.Session) -> dict[str, str]:
    """Return what tells the contract tests where Prism is; nothing, aloud, where it cannot be installed or used."""
    if not (ROOT.parent / "shared").is_dir():
        session.warn("no ../shared with the API's document: the contract tests will be skipped")
        return {}
    if shutil.which("npm") is None:
        session.warn("no npm, so no Prism: its contract tests will be skipped")
        return {}
    folder = session.cache_dir / "prism"
    program = folder / "node_modules" / ".bin" / "prism"
    if not program.exists():
        options = ["--no-audit", "--no-fund", "--loglevel=error"]
        session.run("npm", "install", *options, "--prefix", str(folder), "@stoplight/prism-cli", external=True)
    return {"PRISM": str(program)}


def lowest_versions() -> list[str]:
    """Return a pin to its lower bound for each direct dependency and each one of the extras that users install."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(each for name in EXTRAS for each in extras[name])]
    pins: list[str] = []
    for requirement in wanted:
        found = re.fullmatch(r"([\w.-]+)(?:\[[^]]*\])?>=([\w.]+)(?:,!=[\w.*]+)?(?:\s*;.*)?", requirement)
        if found is None:
            raise ValueError(f"pyproject.toml: {requirement!r} has no plain lower bound")
        pins.append(f"{found[1]}=={found[2]}")
    return pins


def private_things(session: nox.Session) -> list[str]:
    """Return the lines of tracked files that belong to one machine or to nobody else."""
    listed = str(session.run("git", "ls-files", "-z", external=True, silent=True, log=False))
    found: list[str] = []
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if not path.is_file():  # removed, and the removal is not committed yet
            continue
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1):
            found += [f"{name}:{number}: {what}" for what, pattern in FORBIDDEN.items() if re.search(pattern, line)]
    return found
