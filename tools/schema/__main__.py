"""`python -m tools.schema check | release VERSION | write`, in the repository's folder."""

import argparse
import sys

from tools.schema import promise


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status: 0 if all is well."""
    parser = argparse.ArgumentParser(prog="python -m tools.schema", description=__doc__)
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    commands.add_parser(
        "check", help="say whether the file is current, and what breaks clients unannounced"
    )
    release = commands.add_parser(
        "release", help=f"write the schema to {promise.RELEASED}, as that of a new version"
    )
    release.add_argument("version", metavar="VERSION")
    commands.add_parser("write", help=f"write the schema to {promise.SDL}")
    parsed = parser.parse_args(arguments)
    try:
        match parsed.command:
            case "check":
                return promise.check()
            case "release":
                return promise.release(parsed.version)
            case _:
                return promise.write()
    except promise.UnusableInput as error:
        print(f"stockbatch: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
