"""Resources of the API: one module each, with its models, handlers and routes."""
