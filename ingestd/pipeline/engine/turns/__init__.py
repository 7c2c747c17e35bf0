"""The engine of many machines: turns at sites, which Procrastinate hands out."""
