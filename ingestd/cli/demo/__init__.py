"""`ingestd demo`: run one daemon, or several nodes, on a simulated newsroom."""
