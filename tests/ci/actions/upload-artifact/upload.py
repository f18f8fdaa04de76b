"""Zip a folder as actions/upload-artifact does, and add it to the fake GitHub."""

from __future__ import annotations

import base64
import io
import json
import os
import urllib.request
import zipfile
from pathlib import Path

event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_bytes())
[root, *left_out] = [line for line in os.environ["PATHS"].splitlines() if line]
packed = io.BytesIO()
with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
    for path in sorted(Path(root).rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        apart = any(path.is_relative_to(each.removeprefix("!")) for each in left_out)
        if path.is_file() and not hidden and not apart:
            archive.write(path, path.relative_to(root))
    names = archive.namelist()
if names:
    head = event["pull_request"]["head"]
    artifact = {
        "name": os.environ["NAME"],
        "run_id": int(os.environ["GITHUB_RUN_ID"]),
        "zip": base64.b64encode(packed.getvalue()).decode(),
        "head_branch": head["ref"],
        "head_sha": head["sha"],
        "head_repository_id": head["repo"]["id"],
    }
    request = urllib.request.Request(
        f"{os.environ['GITHUB_API_URL']}/fake/artifacts",
        data=json.dumps(artifact).encode(),
        method="POST",
    )
    urllib.request.urlopen(request, timeout=30).close()
