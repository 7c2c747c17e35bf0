"""The `ingestd` command, and `python -m ingestd`."""

import os
import sys


def main() -> None:
    """Run the command line."""
    # The forkserver is started with `-c`, which looks for modules in the current directory first: a file that somebody
    # left there would be run (docs.python.org, using/cmdline, PYTHONSAFEPATH).
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    # Imported here and not above: a worker process imports this module once more, under another name
    # (multiprocessing's preparation), and has no use for the command line.
    if sys.argv[1:] in (["--help"], ["-h"]):
        from ingestd.cli.main_help import main_help, print_and_exit

        print_and_exit(main_help())
    if sys.argv[1:] == ["--version"]:
        from ingestd.cli.main_help import VERSION, print_and_exit

        print_and_exit(VERSION)
    from ingestd.cli.app import run

    run()


if __name__ == "__main__":
    main()
