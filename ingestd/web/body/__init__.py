"""Response bodies: receive, spool and decode them within limits on size and memory."""
