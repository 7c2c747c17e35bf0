"""The long-running service: scheduler, workers, HTTP server, health and metrics."""
