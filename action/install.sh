#!/usr/bin/env bash
# Make ltlab's own environment, unless it is there already: the dependencies by their hashes, ltlab
# itself from this very checkout. A file named after the hash says that it is whole.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
if [ ! -e "$LTLAB_VENV/$LTLAB_HASH" ]; then
  rm -rf "$LTLAB_VENV"
  "$LTLAB_PYTHON" -I -m venv "$LTLAB_VENV"
  "$LTLAB_VENV/bin/python" -I -m pip install --quiet --disable-pip-version-check --no-input \
    --no-compile --no-deps --require-hashes --only-binary=:all: --requirement "$root/requirements/run.lock"
  touch "$LTLAB_VENV/$LTLAB_HASH"
fi
# A path file and not PYTHONPATH, which services and engines would inherit.
site=$("$LTLAB_VENV/bin/python" -I -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
echo "$root" >"$site/ltlab.pth"
echo "python=$LTLAB_VENV/bin/python" >>"$GITHUB_OUTPUT"
