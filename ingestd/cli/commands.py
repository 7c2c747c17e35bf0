"""Table of the commands, in the order in which `ingestd --help` lists them.

A line names a command's module but does not import it. `ingestd --help` and shell completion read only this table.
Each help line is the first line of the command's docstring, so that help can be listed without importing the command.
"""

# No dataclass and nothing from `typing`: importing either takes longer than all the rest of `ingestd --help`.


class Command:
    """One command."""

    __slots__ = ("help", "name", "target")

    def __init__(self, name: str, target: str, help: str) -> None:  # noqa: A002 - as typer and argparse call it
        self.name = name
        #: "module:function", below `ingestd.cli`.
        self.target = target
        #: First line of the function's docstring.
        self.help = help


class Group:
    """Commands that share their first word, as in `ingestd sources add`."""

    __slots__ = ("commands", "help", "name")

    def __init__(self, name: str, help: str, commands: tuple[Command, ...]) -> None:  # noqa: A002 - as above
        self.name = name
        self.help = help
        #: In the order in which `ingestd NAME --help` lists them.
        self.commands = commands


COMMANDS: tuple[Command | Group, ...] = (
    # The daemon.
    Command("run", "run:run", "Run the daemon until SIGTERM or Ctrl-C."),
    # What it polls.
    Command("try", "try_:try_", "Poll a source once and print the result; store nothing."),
    Group(
        "sources",
        "Add, list, pause and remove sources.",
        (
            Command("add", "sources.add:add", "Add a source, or the feeds that a web page names."),
            Command("list", "sources.list_:list_", "List the sources, in the order they were added."),
            Command(
                "show",
                "sources.show:show_",
                "Show a source, its warnings, its recent polls and its WebSub hub.",
            ),
            Command("set", "sources.set_:set_", "Change the title, interval or options of a source."),
            Command("pause", "sources.pause:pause", "Pause a source; it is not polled until resumed."),
            Command("resume", "sources.resume:resume", "Resume a paused source and poll it at once."),
            Command("remove", "sources.remove:remove", "Remove a source; its entries and records stay."),
            Command("import", "sources.import_:import_", "Add the sources listed in an OPML file."),
            Command("export", "sources.export:export", "Print the sources as OPML."),
        ),
    ),
    Command("poll", "poll:poll", "Poll a source, or all sources that are due, now."),
    Group(
        "backfill",
        "Import what was published in the past.",
        (
            Command("archive", "backfill.archive:archive", "Import the archive documents of a feed (RFC 5005)."),
            Command("sitemap", "backfill.sitemap:sitemap", "Import the pages listed in a sitemap."),
            Command("urls", "backfill.urls:urls", "Import the pages listed in a file, one URL a line."),
            Command("files", "backfill.files:files", "Import saved feeds and pages from a directory."),
            Command("list", "backfill.list_:list_", "List the backfills, newest first."),
            Command("resume", "backfill.resume:resume", "Resume a backfill that was stopped, killed or failed."),
            Command("cancel", "backfill.cancel:cancel", "Cancel a backfill; its records stay."),
        ),
    ),
    # What it keeps.
    Command("reprocess", "reprocess:reprocess", "Extract stored pages again with the current rules."),
    Group(
        "records",
        "List, show, search, export, kill and purge records.",
        (
            Command("list", "records.list_:list_", "List the records saved or revised last, newest first."),
            Command("show", "records.show:show_", "Show a record, its revisions, or their differences."),
            Command("search", "records.search:search", "Search headlines and bodies, best match first."),
            Command("export", "records.export:export", "Export records as JSON Lines, oldest first."),
            Command("kill", "records.kill:kill", "Kill a record, as if its agency had killed it."),
            Command("release", "records.release:release", "Release a withheld record."),
            Command("purge", "records.purge:purge", "Erase the content of records for ever; tombstones stay."),
            Command("purges", "records.purges:purges", "List purges, newest first: who erased which records, and why."),
        ),
    ),
    Group(
        "stories",
        "List, show, search, split, merge and rebuild stories.",
        (
            Command(
                "list",
                "stories.list_:list_",
                "List the stories that most publishers carry, the largest first.",
            ),
            Command(
                "show",
                "stories.show:show_",
                "Show who carries a story, and whose text each record has.",
            ),
            Command(
                "search",
                "stories.search:search",
                "List the stories whose records have all words, best match first.",
            ),
            Command("split", "stories.split:split", "Move records of a story into a story of their own."),
            Command("merge", "stories.merge:merge", "Merge two stories: the older one takes the records of the other."),
            Command(
                "rebuild",
                "stories.rebuild:rebuild",
                "Place stored records in stories, in the order they were saved.",
            ),
        ),
    ),
    Group(
        "archive",
        "Read what servers answered, as the archive has it, and move it.",
        (
            Command("show", "archive.show:show_", "Show answers of servers as the archive has them, oldest first."),
            Command("move", "archive.move:move", "Copy the archive to another place, and say how to use it there."),
        ),
    ),
    Command("events", "events:events_", "Print the event log: what happened to which record."),
    Group(
        "filter",
        "Try filters of consumers, feeds and exports.",
        (
            Command(
                "try",
                "filter.try_:try_",
                "Try a filter on the last events, and say what is against each.",
            ),
        ),
    ),
    Command("coverage", "coverage:coverage", "Report the time for which each source is complete."),
    Group(
        "gaps",
        "List, accept and repair gaps (entries that may be missing).",
        (
            Command("list", "gaps.list_:list_", "List gaps, newest first."),
            Command("accept", "gaps.accept:accept", "Accept an open gap and stop the warnings about it."),
            Command("repair", "gaps.repair:repair", "Make an open gap due for repair by the daemon."),
        ),
    ),
    Command("why", "why:why", "Explain what was decided about an article, and why."),
    Group(
        "failures",
        "List failures, and retry quarantined entries.",
        (
            Command("list", "failures.list_:list_", "List failures, or quarantined entries, newest first."),
            Command("retry", "failures.retry:retry", "Make quarantined entries due again."),
        ),
    ),
    # Who gets it.
    Group(
        "consumers",
        "Add, show and control the consumers of the event log.",
        (
            Command("add", "consumers.add:add", "Add a consumer, which gets the events of the log."),
            Command(
                "list",
                "consumers.list_:list_",
                "List the consumers, how far they are, and their failures.",
            ),
            Command(
                "show",
                "consumers.show:show_",
                "Show a consumer: its settings, its place and its failures.",
            ),
            Command("set", "consumers.set_:set_", "Change the filter, form or settings of a consumer."),
            Command("pause", "consumers.pause:pause", "Pause a consumer; it keeps its place until resumed."),
            Command("resume", "consumers.resume:resume", "Resume a consumer that is paused or disabled."),
            Command("seek", "consumers.seek:seek", "Move a consumer to another place of the log."),
            Command("replay", "consumers.replay:replay", "Send events again that a consumer has passed."),
            Command(
                "failures",
                "consumers.failures:failures_",
                "List messages that a consumer was not sent, or their attempts.",
            ),
            Command("redeliver", "consumers.redeliver:redeliver", "Try messages again at once that wait or are dead."),
            Command("drop", "consumers.drop:drop", "Give up messages that wait, are blocked or dead."),
            Command("test", "consumers.send_test:send_test", "Send an example to a consumer and print its answer."),
            Command("rotate", "consumers.rotate:rotate", "Give a webhook a new secret and print it."),
            Command("remove", "consumers.remove:remove", "Remove a consumer, its place in the log and its failures."),
        ),
    ),
    # Files, without a database.
    Command("clean", "clean.clean:clean", "Extract articles from saved pages, as JSON Lines."),
    Command("parse", "parse:parse", "Parse feeds from files, as JSON Lines."),
    # What keeps it running.
    Command("health", "health:health", "Ask the running daemon for its health."),
    Group(
        "nodes",
        "List, drain and remove the daemons at work on the database.",
        (
            Command(
                "list",
                "nodes.list_:list_",
                "List the nodes, what they work on and what they hold.",
            ),
            Command("drain", "nodes.drain:drain", "Drain a node: it takes no new work and hands over what it has."),
            Command(
                "resume",
                "nodes.resume:resume",
                "Let a node that was drained take work again, within 5 seconds.",
            ),
            Command("remove", "nodes.remove:remove", "Remove a node that is lost, drained or stopped."),
            Command("require", "nodes.require:require", "Refuse to start releases of ingestd older than a version."),
        ),
    ),
    Group(
        "db",
        "Upgrade, back up, restore or copy the database.",
        (
            Command("upgrade", "db.upgrade:upgrade", "Upgrade the database to this program's schema."),
            Command("current", "db.current:current", "Print the version of the database schema."),
            Command("usage", "db.usage:usage", "Print the sizes of tables and archive, and what bounds them."),
            Command("prune", "db.prune:prune", "Delete what is older than the settings keep it."),
            Command("repair", "db.repair:repair", "Merge records that one entry made by mistake."),
            Command("check", "db.check:check", "Check that the database has this program's schema."),
            Command("backup", "db.backup:backup", "Back up the database and the archive into a new directory."),
            Command("restore", "db.restore:restore", "Restore the database and the archive from a backup."),
            Command("copy", "db.copy:copy", "Copy the database into another one, of either kind."),
        ),
    ),
    Group(
        "tokens",
        "Add, list and revoke tokens of the API.",
        (
            Command("add", "tokens.add:add", "Add a token of the API and print its secret, once."),
            Command("list", "tokens.list_:list_", "List the tokens of the API, without their secrets."),
            Command(
                "revoke",
                "tokens.revoke:revoke",
                "Revoke a token; the daemon refuses it within five seconds.",
            ),
        ),
    ),
    Command("demo", "demo.demo:demo", "Run the daemon on a simulated newsroom."),
    Group(
        "config",
        "Show or check the settings.",
        (
            Command("show", "config.show:show_settings", "Show every setting in effect and where it comes from."),
            Command("check", "config.check:check", "Check that the settings are valid."),
        ),
    ),
)
