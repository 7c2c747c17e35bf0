"""The `ingestd` command, and `python -m ingestd`."""


def main() -> None:
    """Run the command line."""
    # Imported here and not above: a worker process imports this module once more under
    # another name (multiprocessing's preparation), and has no use for the command line.
    from ingestd.cli.app import run

    run()


if __name__ == "__main__":
    main()
