"""The table of backfill kinds."""

import pkgutil

from ingestd import backfill
from ingestd.backfill.kinds import KINDS

# Modules that are not kinds of backfills.
HELPERS = {"job", "kinds"}


def test_every_kind_is_in_the_table() -> None:
    names = {module.name for module in pkgutil.iter_modules(backfill.__path__)} - HELPERS

    # Repairs list sitemaps too, so that listing is in the pipeline.
    assert {*names, "sitemap"} == {kind.name for kind in KINDS}
