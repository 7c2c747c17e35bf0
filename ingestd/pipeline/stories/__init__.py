"""Placing records in stories: a consumer of the event log."""

import os

# Before numpy is imported, by the modules of this package: its BLAS, which nothing here uses, would start a thread for
# each core, with memory of its own.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
