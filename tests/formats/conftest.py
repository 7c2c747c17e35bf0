import os

# Real files of agencies, which cannot be published: with INGESTD_CORPUS they are read as well.
collect_ignore = [] if os.environ.get("INGESTD_CORPUS") else ["test_corpus.py"]
