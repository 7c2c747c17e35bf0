"""Worker processes that parse and extract untrusted input and can be killed."""
