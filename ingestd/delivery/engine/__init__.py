"""Send messages to the consumers whose kinds push: one reader of the log for all, and two lanes for each.

`deliveries` claims consumers and runs a `deliverer` for each.  Its `intake` reads the `tail` of the log into `lanes`,
which know what may be sent next, and `rows` know what failed.
"""
