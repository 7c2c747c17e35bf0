"""The `ingestd` command, and `python -m ingestd`."""

import os


def main() -> None:
    """Run the command line."""
    # The forkserver is started with `-c`, which looks for modules in the current directory first: whoever can leave a
    # file there would have it run (docs.python.org, using/cmdline, PYTHONSAFEPATH).
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    # Imported here and not above: a worker process imports this module once more under
    # another name (multiprocessing's preparation), and has no use for the command line.
    from ingestd.cli.app import run

    run()


if __name__ == "__main__":
    main()
