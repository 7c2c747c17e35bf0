"""What scripts and notebooks import from ingestd: `clean`, `parse` and `fetch`, and their async twins.

Each works as the command of its name does.  `ingestd/__init__.py` names them, and imports a module of this folder on
the first use of its function.
"""
