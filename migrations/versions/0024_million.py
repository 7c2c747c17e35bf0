"""Index the few sources that fail, have a problem, are removed, are no feeds or are pushed; and due subscriptions.

Without them each claim of entries, each check for drop folders and each start read all sources.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa

from ingestd.store.schema import online

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_PROBLEM = (
    "kind = 'feed' AND state <> 'removed' AND "
    "(condition <> 'ok' OR state <> 'active' OR quiet_since IS NOT NULL OR same_as IS NOT NULL)"
)
_INDEXES = (
    ("sources_failing", [sa.text("failures DESC"), "id"], "failures > 0 AND kind = 'feed' AND state <> 'removed'"),
    ("sources_with_problem", ["id"], _PROBLEM),
    ("sources_unlisted", ["id"], "(state = 'removed' OR kind <> 'feed')"),
    ("sources_not_http", ["id"], "substr(url, 1, 4) <> 'http'"),
    ("sources_pushed", ["pushed_until"], "pushed_until IS NOT NULL"),
)


def upgrade() -> None:
    for name, columns, condition in _INDEXES:
        where = sa.text(condition)
        online.create_index(name, "sources", columns, sqlite_where=where, postgresql_where=where)
    online.create_index("subscriptions_due", "subscriptions", ["due_at"])
