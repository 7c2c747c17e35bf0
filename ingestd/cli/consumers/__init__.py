"""`ingestd consumers`: add, show and control those who get the events of the log."""
