#!/usr/bin/env bash
# Say where ltlab's environment goes, under which key it is cached, and whether it is there already
# (from an earlier step of this job). The key changes with all that such an environment depends on.
set -euo pipefail

venv=$RUNNER_TEMP/ltlab-venv
lock=$(dirname "$0")/../requirements/run.lock
hash=$(
  {
    "$LTLAB_PYTHON" -I -c 'import sys; print(sys.version, sys.base_prefix)'
    cat "$lock"
  } | sha256sum | cut -c 1-32
)
ready=false
if [ -e "$venv/$hash" ]; then
  ready=true
fi
{
  echo "venv=$venv"
  echo "hash=$hash"
  echo "key=ltlab-venv-$RUNNER_OS-$RUNNER_ARCH-$hash"
  echo "ready=$ready"
} >>"$GITHUB_OUTPUT"
