"""Print where ltlab keeps the node and the Artillery that it installs from its own locks."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ltlab_ci.load import tools
from ltlab_ci.load.plan import Machine


def main() -> None:
    """Install them if they are missing; the cache is ltlab's own."""
    root = Path.cwd()
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    machine = Machine(environ=os.environ, root=root, cache_dir=Path(base) / "ltlab")
    node = tools.node(machine) / "bin" / "node"
    folder = tools.artillery(machine, node).parents[1]
    sys.stdout.write(f"{node}\n{folder}\n")


if __name__ == "__main__":
    main()
