"""Real git repositories for tests: made in a folder, commit by commit."""

from __future__ import annotations

import subprocess
from pathlib import Path

ENVIRON = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.com",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.com",
}


def git(folder: Path, *words: str) -> str:
    """Run git in a folder; return what it said."""
    done = subprocess.run(
        ["git", *words], cwd=folder, env=ENVIRON, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def made(folder: Path) -> Path:
    """Make a repository on branch main."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    return folder


def commit(folder: Path, **files: str) -> str:
    """Commit files by their names (`_` is a dot); return the commit."""
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, encoding="utf-8")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "change")
    return git(folder, "rev-parse", "HEAD")


def cloned(origin: Path, folder: Path, *flags: str) -> Path:
    """Clone a repository by its URL, so that --depth is heeded."""
    git(origin.parent, "clone", "--quiet", *flags, f"file://{origin}", str(folder))
    return folder
