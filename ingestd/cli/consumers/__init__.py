"""`ingestd consumers`: add, show and control the consumers of the event log."""
