"""Who runs a command, where, and with what: kept with every run that is recorded."""

import os
import pwd
import socket

from caseferry import __version__
from caseferry.config import Config, config_digest

SIGNED_BY = ("user", "host", "version", "mapping", "configuration")
"""The inputs of a run that name its operator; `mapping` where it reads one."""


def operator(config: Config) -> dict[str, str]:
    """Give the user of this process, the host, the version, and the configuration."""
    return {
        "user": user_name(),
        "host": socket.gethostname(),
        "version": __version__,
        "configuration": config_digest(config),
    }


def user_name() -> str:
    """Give the name of this process's user; variables like USER do not count."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid {number}"
