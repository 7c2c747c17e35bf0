"""Re-published feeds: documents of what matches a consumer of the kind `feed`, made from the event log on request."""
