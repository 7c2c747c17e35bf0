"""Response bodies: received, decoded, and bounded in memory."""
