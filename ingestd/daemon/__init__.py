"""The long-running service: what ticks, works, listens and tells its health."""
