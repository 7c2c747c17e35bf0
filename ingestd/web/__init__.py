"""Fetching over HTTP: polite to sites, guarded against forbidden addresses, bounded in time and bytes."""
