"""A job on GitHub, a clock that nobody waits for, and artefacts; the fixtures are in conftest.py."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field

from ltlab_ci import model
from ltlab_ci.publish import forge
from tests.fakes import github as fake

HEAD = "a" * 40
NEWER = "c" * 40


@dataclass
class Clock:
    """Time that passes when somebody waits."""

    now: float = 1_000.0
    waits: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def monotonic(self) -> float:
        return self.now

    def patience(self) -> forge.Patience:
        return forge.Patience(sleep=self.sleep, monotonic=self.monotonic)


def a_context(url: str, **parts: object) -> model.CiContext:
    known: dict[str, object] = {
        "forge": model.Forge.GITHUB,
        "event": "pull_request",
        "repository": "octo/shop",
        "repository_id": 7,
        "pull_request": 3,
        "head_sha": HEAD,
        "head_branch": "feature",
        "base_ref": "main",
        "base_sha": "b" * 40,
        "run_id": 90,
        "run_number": 5,
        "run_url": "https://github.test/octo/shop/actions/runs/90",
        "api_url": url,
        "graphql_url": f"{url}/graphql",
        "server_url": "https://github.test",
        "token": "ghs_sentinel",
    }
    return model.CiContext(**{**known, **parts})  # type: ignore[arg-type]


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    """Return an artefact with these files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


def an_artifact(id: int, content: bytes, **parts: object) -> fake.Artifact:
    known = {"name": "ltlab-report", "run_id": 70 + id, "head_branch": "main", **parts}
    return fake.Artifact(id=id, zip=base64.b64encode(content).decode(), **known)  # type: ignore[arg-type]
