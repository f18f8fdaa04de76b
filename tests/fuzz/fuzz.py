"""Fuzz one reader with Atheris: `python -m tests.fuzz.fuzz READER [libFuzzer's options]`.

It starts from the reader's own small corpus; an input that breaks the reader is written to the
working folder as `crash-*`, and belongs into the corpus once it is mended.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=["ltlab_ci", "yaml", "dotenv"], enable_loader_override=False
):
    from tests.fuzz import readers

CORPUS = Path(__file__).parent / "corpus"


def main(name: str, *options: str) -> None:
    """Run libFuzzer; what it finds beside the corpus stays in memory."""
    seeds = sorted((CORPUS / name).iterdir())
    seed = f"-seed_inputs={','.join(map(str, seeds))}"
    atheris.Setup(
        [sys.argv[0], seed, "-timeout=20", "-rss_limit_mb=2048", *options], readers.READERS[name]
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
