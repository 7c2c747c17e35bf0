"""Fetching: politely (turns), safely (guard), and bounded in time and bytes (fetcher)."""
