"""Settings of daemons that share their work with those of other machines."""

from typing import Annotated, Literal

from pydantic import Field

Engine = Annotated[
    Literal["local", "procrastinate"],
    Field(
        description=(
            "Who shares out the work: local, the dispatchers of one daemon; procrastinate, a queue in PostgreSQL from "
            "which the daemons of several machines take turns at sites, so that each site is in one hand at a time. "
            "The queue needs an extra: pip install 'ingestd[cluster]'."
        )
    ),
]
