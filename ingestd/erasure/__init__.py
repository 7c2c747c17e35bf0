"""Erase the content of records, wherever it is stored."""
