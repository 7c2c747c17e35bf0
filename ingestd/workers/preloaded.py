"""Modules that the forkserver imports before it forks, so that all workers share their memory.

The language model takes 75 MB and half a second to load.  Four workers that each load it hold 370 MB in all; four that
share it hold 150 MB.
"""

from ingestd.workers import jobs  # first: it limits the threads that numpy starts

from ingestd import urls  # isort: skip
from ingestd.articles import language  # isort: skip
from ingestd.workers import indexed  # isort: skip

__all__ = ["indexed", "jobs"]

urls.site("https://news.example/")  # loads the list of public suffixes
language.detect("The model is loaded when a language is first asked for.")  # loads the model
