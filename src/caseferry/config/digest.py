"""The digest of a configuration: what was in force when a run wrote."""

from caseferry.config.shape import Config
from caseferry.model.record import fingerprint

_SECTIONS = {"mapping", "metrics", "health"}
_KEYS = {
    "state": {"path"},
    "http": {"ca_file"},
    "kore": {"client_secret_command"},
    "casemgr": {"client_secret_command"},
}
"""Where files and secrets are on this machine; the mapping has a digest of its own."""


def config_digest(config: Config) -> str:
    """Fingerprint the effective values, defaults and environment included.

    No secret is part of it, nor where anything lies on this machine: the same
    configuration has the same digest everywhere.
    """
    values = config.model_dump(mode="json", exclude=_SECTIONS)
    kept = {
        section: {k: v for k, v in own.items() if k not in _KEYS.get(section, ())}
        for section, own in values.items()
    }
    return fingerprint(kept)
