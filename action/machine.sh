#!/usr/bin/env bash
# Say whether ltlab runs on this runner, and which Python it has that will do ("" for none).
set -euo pipefail

case "$RUNNER_OS-$RUNNER_ARCH" in
  Linux-X64 | Linux-ARM64) ;;
  *)
    echo "::error title=ltlab::ltlab runs on Linux x64 and arm64, this runner is $RUNNER_OS $RUNNER_ARCH"
    echo "  what to do: write \`runs-on: ubuntu-24.04\` or \`ubuntu-24.04-arm\`" >&2
    exit 2
    ;;
esac

python=$(command -v python3 || true)
fits='import sys, ensurepip, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))'
if [ -n "$python" ] && ! "$python" -I -c "$fits" 2>/dev/null; then
  python=
fi
echo "python=$python" >>"$GITHUB_OUTPUT"
