"""Libraries that take a tenth of a second to import, and that a run needs late or not at all.

They stand for themselves until something of theirs is used. Not here: which ones (their only users
say so); our own modules, which are imported as everywhere.
"""

from __future__ import annotations

import importlib
from types import ModuleType


class _Late(ModuleType):
    def __getattr__(self, attribute: str) -> object:
        return getattr(importlib.import_module(self.__name__), attribute)


def module(name: str) -> ModuleType:
    """Return a stand-in for a library, which is imported when something of it is first used.

    Others import it as ever. `importlib.util.LazyLoader` would put the stand-in into `sys.modules`,
    where `import library.part` then runs that part twice, with two sets of exceptions.
    """
    return _Late(name)
