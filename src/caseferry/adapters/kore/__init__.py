"""The Kore case management public API: its wire format, its quirks, its six operations.

Never imports the other system.
"""

from caseferry.adapters.kore.client import KoreClient
from caseferry.adapters.kore.reader import KoreHttp
from caseferry.adapters.kore.settings import KoreSettings

__all__ = ["KoreClient", "KoreHttp", "KoreSettings"]
