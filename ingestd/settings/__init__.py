"""Settings: one frozen object, read once at start and passed on as plain arguments.

Sources of a setting, in order of precedence:

1. the environment: `INGESTD_INTERVAL` sets `interval`; an empty variable counts as absent,
2. the credentials directory, `$CREDENTIALS_DIRECTORY` (systemd, LoadCredential=): a file named like the setting,
3. the TOML file: `--config FILE`, else `$INGESTD_CONFIG`, else the first existing one of
   `/etc/ingestd/ingestd.toml` and `$XDG_CONFIG_HOME/ingestd/ingestd.toml`,
4. the default.

The environment comes first because it applies to one run, the file to all runs.
"""

from ingestd.settings.loading import find_config, load, origins
from ingestd.settings.model import Settings
from ingestd.settings.values import Listen, MigrateOnStart, without_secrets

__all__ = ["Listen", "MigrateOnStart", "Settings", "find_config", "load", "origins", "without_secrets"]
