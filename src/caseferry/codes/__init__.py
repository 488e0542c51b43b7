"""Every code that a user meets, with what it means and what to do next.

One table: `codes.toml`, with the classes of `caseferry.errors` and the mapping's
losses, which say that themselves. The rest of the package passes codes as plain words;
`tests/architecture` holds the two together. Reads its own file and nothing else.
"""

from caseferry.codes.code import TITLES, Code, Kind
from caseferry.codes.table import CODES, code_named, names_like

__all__ = ["CODES", "TITLES", "Code", "Kind", "code_named", "names_like"]
