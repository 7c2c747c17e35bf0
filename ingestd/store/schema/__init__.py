"""Table definitions, column types and the migration runner."""
