import os

# Reads real files of agencies, which may not be published; INGESTD_CORPUS names their folder.
collect_ignore = [] if os.environ.get("INGESTD_CORPUS") else ["test_corpus.py"]
