"""Connections: names resolved, addresses guarded, sockets opened."""
