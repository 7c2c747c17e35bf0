"""The database: SQLite or PostgreSQL, behind SQLAlchemy.

`Database` opens it; the other modules are functions over a connection, one module a noun.
"""
