"""The Kore case management public API: its wire format, its quirks, its six operations.

Never imports the other system.
"""

from caseferry.adapters.kore.client import KoreClient
from caseferry.adapters.kore.settings import KoreSettings
from caseferry.adapters.kore.system import KoreHttp

__all__ = ["KoreClient", "KoreHttp", "KoreSettings"]
