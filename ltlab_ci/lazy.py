"""Libraries that take a tenth of a second to import, and that a run needs late or not at all.

They stand for themselves until something of theirs is used. Not here: which ones (their only users
say so); our own modules, which are imported as everywhere.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType


def module(name: str) -> ModuleType:
    """Return a library that is imported when it is first used. Raises ImportError if there is none.

    `importlib.util.LazyLoader` is Python's own way to this.
    """
    if name in sys.modules:
        return sys.modules[name]  # a look at it could import it
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        return importlib.import_module(name)
    spec.loader = importlib.util.LazyLoader(spec.loader)
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    spec.loader.exec_module(made)
    return made
