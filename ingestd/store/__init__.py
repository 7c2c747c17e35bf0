"""The database: SQLite or PostgreSQL, through SQLAlchemy.

`database.Database` opens it; everything else is functions that take a connection inside a transaction.

| folder        | what it stores                                                                        |
|---------------|---------------------------------------------------------------------------------------|
| `schema/`     | tables, column types, migrations                                                      |
| `polls/`      | sources, the results of their polls, gaps, redirects, hub subscriptions               |
| `work/`       | entries and revisits waiting to be processed, backfills, the runs that claim them     |
| `records/`    | records, revisions, carriers, raw bytes; `records/save.py` commits a processed entry  |
| `events/`     | the event log                                                                         |
| `operations/` | failures, decisions, figures for health and status, recurring blocks of sites         |

`batches.py` lets concurrent callers share a commit.
"""
