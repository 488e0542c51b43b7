"""Both systems as local servers: an independent reading of the vendors' documents.

Imports nothing else of caseferry, so that a misunderstanding cannot cancel out.
"""

from caseferry.sandbox import tenant as TENANT  # noqa: N812
from caseferry.sandbox.box import Sandbox
from caseferry.sandbox.calls import Call
from caseferry.sandbox.faults import Fault
from caseferry.sandbox.readings import READINGS
from caseferry.sandbox.server import running, serve
from caseferry.sandbox.transport import SandboxTransport
from caseferry.sandbox.wire import Delivery, Reply, Request

__all__ = [
    "READINGS",
    "TENANT",
    "Call",
    "Delivery",
    "Fault",
    "Reply",
    "Request",
    "Sandbox",
    "SandboxTransport",
    "running",
    "serve",
]
