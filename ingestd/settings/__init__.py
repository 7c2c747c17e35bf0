"""Every knob there is: one frozen value, read once at the top and handed down as plain arguments.

Where a setting comes from, the weightiest first:

1. the environment: `INGESTD_INTERVAL` for `interval`; an empty variable counts as absent,
2. the credentials directory, `$CREDENTIALS_DIRECTORY` (systemd, LoadCredential=): a file named like the setting,
3. the TOML file: `--config FILE`, else `$INGESTD_CONFIG`, else the first that exists of
   `/etc/ingestd/ingestd.toml` and `$XDG_CONFIG_HOME/ingestd/ingestd.toml`,
4. the default.

The environment weighs most because it belongs to one run, the file to all of them.
"""

from ingestd.settings.loading import find_config, load, origins
from ingestd.settings.model import Settings
from ingestd.settings.values import Listen, without_secrets

__all__ = ["Listen", "Settings", "find_config", "load", "origins", "without_secrets"]
