"""The eGain casemgr v3 and customermgr v3 APIs: wire format, tokens, operations.

Never imports the other system.
"""

from caseferry.adapters.casemgr.client import CasemgrClient
from caseferry.adapters.casemgr.settings import CasemgrSettings
from caseferry.adapters.casemgr.system import CasemgrHttp

__all__ = ["CasemgrClient", "CasemgrHttp", "CasemgrSettings"]
