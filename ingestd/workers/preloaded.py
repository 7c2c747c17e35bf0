"""What the forkserver loads before it forks, so that all workers share its memory: the jobs, and a model.

The model that names languages is 75 MB, and takes half a second.  Loaded by each worker with its first page, four of
them held 370 MB in all; sharing it they hold 150 MB.
"""

from ingestd.workers import jobs  # first: it says how many threads numpy may start

from ingestd.articles import language  # isort: skip

__all__ = ["jobs"]

language.detect("The model is loaded when a language is first asked for.")
