"""Real brokers on the loopback, for the tests of the kinds that publish to them."""
