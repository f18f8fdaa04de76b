"""What git knows of the project: commits, the merge base, another version in a folder of its own.

Not here: which version is meant (flows/versions.py), building and starting it (service.py).
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ltlab_ci import errors, interrupts, process

_QUICK_S, _SLOW_S = 60.0, 900.0
_DEEPEN = ("--deepen=100", "--unshallow")
_REMOTES = ("upstream", "origin")
_NO_REPOSITORY = "run it in a clone of the project, or name a folder: --against ./other-version"
_DEEPER = (
    "fetch the history: `fetch-depth: 0` for actions/checkout, `GIT_DEPTH: 0` in GitLab, or "
    "`git fetch --unshallow`"
)


@dataclass(frozen=True, kw_only=True)
class Git:
    """A clone. `top` is its working tree, which the project may be a folder of."""

    top: Path
    environ: Mapping[str, str] = field(repr=False)

    def commit(self, name: str) -> str:
        """Return the full hash of a commit, "" where there is none of that name."""
        done = self._run(["rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"], check=False)
        return done.out.strip() if not done.code else ""

    def tree(self, commit: str) -> str:
        """Return the hash of all files of a commit."""
        return self._run(["rev-parse", f"{commit}^{{tree}}"]).out.strip()

    def dirty(self, but: Path) -> bool:
        """Say whether the working tree differs from its commit, files in `but` left aside."""
        words = ["status", "--porcelain", "--", "."]
        if but.is_relative_to(self.top) and but != self.top:
            words.append(f":(exclude,literal){but.relative_to(self.top)}")
        return bool(self._run(words).out.strip())

    def remote_branch(self, branch: str) -> str:
        """Return the newest known state of a branch that others merge into, "" for none.

        A fork's clone may name the project's own repository `upstream`.
        """
        for name in (*(f"{remote}/{branch}" for remote in _REMOTES), branch):
            if self.commit(name):
                return name
        return ""

    def merge_base(self, one: str, other: str) -> str:
        """Return the newest common ancestor of two commits, "" for none that this clone knows."""
        done = self._run(["merge-base", one, other], check=False)
        return done.out.strip() if not done.code else ""

    @property
    def shallow(self) -> bool:
        """Say whether the history was cut off by the clone."""
        return self._run(["rev-parse", "--is-shallow-repository"]).out.strip() == "true"

    def remote(self) -> str:
        """Return the remote to fetch from, "" where the clone has none."""
        known = self._run(["remote"]).out.split()
        return "origin" if "origin" in known else next(iter(known), "")

    def fetch(self, wanted: Sequence[str], *flags: str) -> str:
        """Fetch branches or commits from the remote; return what git complained of, "" if nothing."""
        remote = self.remote()
        if not remote:
            return "the clone has no remote"
        # Branches also under the name by which they are looked up; a commit's hash has none.
        words = [
            each if _is_hash(each) else f"+refs/heads/{each}:refs/remotes/{remote}/{each}"
            for each in wanted
        ]
        done = self._run(
            ["fetch", "--quiet", "--no-tags", *flags, remote, *words],
            check=False,
            timeout_s=_SLOW_S,
        )
        return " ".join((done.err.strip() or f"exit code {done.code}").split()) if done.code else ""

    def deepened(self, target: str, branch: str) -> str:
        """Fetch history until HEAD and `target` have a common ancestor; return it.

        Raises ConfigError where the clone stays too shallow, or where there is none at all.
        """
        found, complaint = self.merge_base("HEAD", target), ""
        for flag in _DEEPEN:
            if found or not self.shallow:
                break
            complaint = self.fetch([branch] if branch else [], flag) or complaint
            found = self.merge_base("HEAD", target)
        if not found and self.shallow:
            raise errors.ConfigError(
                "this clone is shallow: it does not reach back to the common ancestor of HEAD and "
                f"{target}" + (f", and git could not fetch more: {complaint}" if complaint else ""),
                remedy=_DEEPER,
            )
        if not found:
            raise errors.ConfigError(
                f"HEAD and {target} have no common ancestor",
                remedy="name the version to compare with: --against BRANCH, TAG or COMMIT",
            )
        return found

    @contextlib.contextmanager
    def checkout(self, commit: str, folder: Path) -> Iterator[Path]:
        """Put a commit into a folder that is not there yet, for as long as the block lasts.

        Raises ConfigError.
        """
        # A killed run's folder is gone, its entry in the repository is not.
        self._run(["worktree", "prune"], check=False)
        try:
            self._run(
                ["worktree", "add", "--quiet", "--force", "--detach", str(folder), commit],
                timeout_s=_SLOW_S,
            )
            if (folder / ".gitmodules").is_file():
                self._run(
                    ["-C", str(folder), "submodule", "--quiet", "update", "--init", "--recursive"],
                    timeout_s=_SLOW_S,
                )
            yield folder
        finally:
            with interrupts.PROCESS.deferred():
                shutil.rmtree(folder, ignore_errors=True)
                self._run(["worktree", "prune"], check=False)

    def _run(
        self, words: Sequence[str], *, check: bool = True, timeout_s: float = _QUICK_S
    ) -> process.Done:
        return process.run(
            ["git", *words],
            failure=errors.ConfigError,
            remedy=_NO_REPOSITORY,
            cwd=self.top,
            env=self.environ,
            timeout_s=timeout_s,
            check=check,
        )


def find(root: Path, environ: Mapping[str, str]) -> Git:
    """Return the clone that a folder lies in. Raises ConfigError where it lies in none."""
    # A fetch must not wait for somebody to type a password.
    env = {**process.child_env(environ, {}), "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    done = process.run(
        ["git", "rev-parse", "--show-toplevel"],
        failure=errors.ConfigError,
        remedy="install git, or name a folder: --against ./other-version",
        cwd=root,
        env=env,
        timeout_s=_QUICK_S,
        check=False,
    )
    if done.code:
        raise errors.ConfigError(
            f"{root} is in no git repository that can be read: {' '.join(done.err.split())[:300]}",
            remedy=_NO_REPOSITORY,
        )
    return Git(top=Path(done.out.rstrip("\n")), environ=env)


def _is_hash(name: str) -> bool:
    return len(name) in (40, 64) and all(char in "0123456789abcdef" for char in name)
