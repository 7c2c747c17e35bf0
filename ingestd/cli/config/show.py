"""`ingestd config show`."""

from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_json, show_table
from ingestd.settings import load, origins


def show_settings(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show every setting in effect and where it comes from.

    The database URL is shown without user and password, logins without their secrets.

    Exit status: 0 on success, 2 if a setting is wrong.
    """
    values, sources = load(config).model_dump(mode="json"), origins(config)
    if as_json:
        show_json({key: {"value": value, "from": sources[key]} for key, value in values.items()})
        return
    show_table(
        ("setting", "value", "from"),
        [(key, ",".join(value) if isinstance(value, list) else value, sources[key]) for key, value in values.items()],
    )
