"""Deliver the events of the log to consumers: each has a filter, a form and a cursor.

The engine reads the log once for all consumers.  A consumer gets its messages in order for each record; a kill goes
before everything else.  Its cursor moves only after the endpoint has acknowledged, so that whatever is killed and when,
no message is lost, and a repeated one has the same identifier.
"""
