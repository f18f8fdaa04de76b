"""k6 is downloaded from its releases only as it was released; whatever is wrong leaves nothing."""

from __future__ import annotations

import hashlib
import http.server
import io
import platform
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ltlab_ci import errors
from ltlab_ci.load import k6, tools
from ltlab_ci.load.plan import Tool
from tests import factories

ARCH = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
NAME = f"k6-v2.2.0-linux-{ARCH}"
SAYS_ITS_VERSION = b"#!/bin/sh\necho k6 v2.2.0\n"


class Releases:
    """A release page: what it serves by path; `lost` bytes are missing at the end of an archive."""

    def __init__(self) -> None:
        self.lost = 0
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.address = ""

    def offer(self, archive: bytes, *, digest: str = "", lost: int = 0) -> None:
        """Serve an archive beside the checksums of its release."""
        self.lost = lost
        digest = digest or hashlib.sha256(archive).hexdigest()
        lines = f"{'0' * 64}  k6-v2.2.0-linux-arm.deb\n{digest}  {NAME}.tar.gz\n"
        self.files = {
            "/v2.2.0/k6-v2.2.0-checksums.txt": lines.encode(),
            f"/v2.2.0/{NAME}.tar.gz": archive,
        }


def an_archive(program: str = f"{NAME}/k6", content: bytes = SAYS_ITS_VERSION) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name in (f"{NAME}/README.md", program):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


@pytest.fixture
def releases() -> Iterator[Releases]:
    """Serve a release page for one test."""
    page = Releases()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page.asked.append(self.path)
            content = page.files.get(self.path)
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            whole = len(content) - (page.lost if self.path.endswith(".gz") else 0)
            self.wfile.write(content[:whole])

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        page.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield page
        server.shutdown()
        thread.join()


def find(root: Path, releases: Releases, version: str = "2.2.0", **parts: object) -> Tool:
    machine = factories.a_machine(root, k6_releases=releases.address, **parts)
    return k6.find(machine, "", version)


@pytest.mark.loopback
@pytest.mark.processes
def test_find__a_version_is_downloaded_checked_and_kept(tmp_path: Path, releases: Releases) -> None:
    releases.offer(an_archive())
    tool = find(tmp_path, releases)
    assert (tool.version, tool.source) == ("2.2.0", "installed by ltlab")
    folder = tmp_path / "cache" / "k6-2.2.0"
    assert [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()] == [
        Path("bin/k6")
    ]
    releases.asked.clear()
    assert find(tmp_path, releases) == tool
    assert releases.asked == []


@pytest.mark.loopback
@pytest.mark.parametrize(
    ("archive", "trouble", "said"),
    [
        (an_archive(), {"digest": "f" * 64}, "is not what was released"),
        (an_archive(), {"lost": 40}, "cannot download"),
        (an_archive(program=f"{NAME}/k7"), {}, "holds no k6"),
        (b"no archive at all", {}, "is no archive"),
        (an_archive()[:-40], {}, "is no archive"),
    ],
)
def test_find__what_was_not_released_is_never_installed(
    tmp_path: Path, releases: Releases, archive: bytes, trouble: dict[str, Any], said: str
) -> None:
    releases.offer(archive, **trouble)
    with pytest.raises(errors.EngineError, match=said) as caught:
        find(tmp_path, releases)
    assert "engines.k6.path" in caught.value.remedy
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [".k6-2.2.0.lock"]


@pytest.mark.loopback
def test_find__a_release_that_is_missing_names_its_page(tmp_path: Path, releases: Releases) -> None:
    with pytest.raises(errors.EngineError, match="there is no") as caught:
        find(tmp_path, releases, "9.9.9")
    assert "github.com/grafana/k6/releases" in caught.value.remedy


@pytest.mark.loopback
def test_find__a_release_without_this_machine_says_so(tmp_path: Path, releases: Releases) -> None:
    releases.offer(an_archive())
    releases.files["/v2.2.0/k6-v2.2.0-checksums.txt"] = b"0  k6-v2.2.0-windows-amd64.zip\n"
    with pytest.raises(errors.EngineError, match="does not list"):
        find(tmp_path, releases)


@pytest.mark.processes
def test_find__one_on_path_of_that_version_needs_no_download(tmp_path: Path) -> None:
    program = tmp_path / "k6"
    program.write_bytes(SAYS_ITS_VERSION)
    program.chmod(0o755)
    tool = find(tmp_path, Releases(), environ={"PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert tool.source == "PATH"


@pytest.mark.loopback
@pytest.mark.processes
def test_find__one_on_path_of_another_version_is_passed_over(
    tmp_path: Path, releases: Releases
) -> None:
    (tmp_path / "k6").write_text("#!/bin/sh\necho k6 v1.9.0\n")
    (tmp_path / "k6").chmod(0o755)
    releases.offer(an_archive())
    tool = find(tmp_path, releases, environ={"PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert (tool.version, tool.source) == ("2.2.0", "installed by ltlab")


@pytest.mark.processes
def test_find__a_configured_one_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "k6").write_bytes(SAYS_ITS_VERSION)
    (tmp_path / "k6").chmod(0o755)
    with pytest.raises(errors.EngineError, match=r"is 2\.2\.0, not 2\.1\.0 as asked"):
        k6.find(factories.a_machine(tmp_path), "./k6", "2.1.0")


def test_find__what_is_too_old_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigError, match=r"k6 0\.57\.0 is too old"):
        k6.find(factories.a_machine(tmp_path), "", "0.57.0")


def test_find__the_pinned_version_is_the_wheel(tmp_path: Path) -> None:
    (tmp_path / "cache" / f"k6-{tools.K6_VERSION}").mkdir(parents=True)
    machine = factories.a_machine(tmp_path)
    assert tools.k6(machine, tools.K6_VERSION) == tools.k6(machine)


def test_image__has_the_version_as_its_tag() -> None:
    assert k6.image("2.1.0") == "grafana/k6:2.1.0"
    assert k6.image("") == "grafana/k6:2.2.0"
