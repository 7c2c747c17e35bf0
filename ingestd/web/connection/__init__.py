"""Connections: resolve names, guard addresses, open sockets, and classify failures."""
