"""Why a web server could not listen, in one line."""

from __future__ import annotations

import errno
import os
import socket

from streams.cli.errors import CliError, ExitCode

_NOT_OURS = (errno.EADDRNOTAVAIL, errno.EACCES)


def cannot_listen(refusal: OSError, host: str, port: int, *, section: str, option: str) -> CliError:
    """Explain what listening raised.

    Args:
        refusal: What it raised.
        host: Where it should have listened.
        port: At which port.
        section: The settings that say so.
        option: The option of the command that names another port.
    """
    place = f"{host}:{port}"
    if refusal.errno == errno.EADDRINUSE:
        # It may be the process before this one, which is still stopping: not a fault of the settings.
        return CliError(f"{place} is in use; free it or choose another [{section}] port ({option})")
    number = refusal.errno or errno.EADDRNOTAVAIL  # asyncio of Python 3.13 leaves it out when no address is ours
    if isinstance(refusal, socket.gaierror):
        reason = "no such host"
    elif number in _NOT_OURS:
        reason = os.strerror(number).lower()
    else:
        return CliError(f"cannot serve at {place}: {refusal}")
    return CliError(f"cannot listen on {place}: {reason}; see [{section}] host and port", ExitCode.CONFIGURATION)
