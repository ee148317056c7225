"""``python -m theirstack_async.contract PATH_OR_URL``: does an OpenAPI document of the API still say what the SDK does?

Exit code 0: the SDK gets nothing of it wrong; 1: it would get something wrong; 2: the document cannot be read.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from theirstack_async.contract.report import check
from theirstack_async.contract.schemas import DocumentError
from theirstack_async.contract.source import read


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report on a document, and return the exit code.

    Args:
        arguments: those of the command line, unless given.
    """
    parser = argparse.ArgumentParser(
        prog="python -m theirstack_async.contract",
        description="Compare an OpenAPI document of the TheirStack API with what this SDK supports.",
        epilog="Exit code 0: the SDK gets nothing wrong; 1: it gets something wrong; 2: the document cannot be read.",
    )
    parser.add_argument("document", metavar="PATH_OR_URL", help="JSON or YAML, a file or an http or https address")
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
    parser.add_argument("--all", action="store_true", help="list the known differences too")
    asked = parser.parse_args(arguments)
    try:
        report = check(asked.document, read(asked.document))
    except DocumentError as error:
        text = str(error)
        sys.stderr.write(text if text.startswith(asked.document) else f"{asked.document}: {text}")
        sys.stderr.write("\n")
        return 2
    sys.stdout.write(report.to_json() if asked.json else report.text(everything=asked.all))
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main())
