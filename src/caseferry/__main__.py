"""python -m caseferry."""

import sys

from caseferry.cli import main as cli_main


def main() -> None:
    """Run the command line and end with its exit code."""
    sys.exit(cli_main(sys.argv[1:]))


if __name__ == "__main__":
    main()
