"""Client of the API of an ingestd daemon, for programs in Python.

    async with Client("http://127.0.0.1:8600", token) as client:
        async for message in client.events(after=0):
            print(message.kind, message.data["headline"])

It needs nothing of the rest of ingestd but its errors.
"""

from ingestd.client.client import Client
from ingestd.client.errors import ApiError, ApiUnavailable, CursorRefused, LeaseLost
from ingestd.client.message import Batch, Message

__all__ = ["ApiError", "ApiUnavailable", "Batch", "Client", "CursorRefused", "LeaseLost", "Message"]
