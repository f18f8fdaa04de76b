"""Which two versions are compared, and a folder for each: head is the working tree, base another one.

Not here: git itself (lab/git.py), what cannot be a pair (unlike.py), building and starting them (lab/),
measuring (rounds.py).
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from ltlab_ci import console, errors, leftovers, model
from ltlab_ci.config import read
from ltlab_ci.flows import unlike
from ltlab_ci.lab import git, service

_BRANCHES = ("HEAD", "main", "master")
_SHORT = 10
_NOTHING_DIFFERS = (
    "nothing differs: base and head have the same files, so what is found is noise, or comes from files "
    "that git ignores"
)
_NAME_ONE = "name the version to compare with: --against BRANCH, TAG, COMMIT or ./FOLDER"


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Both versions, how each came to be, and what a user should know of that."""

    base: service.Version
    head: service.Version
    facts: tuple[model.SideFacts, model.SideFacts]
    findings: tuple[model.Finding, ...] = ()

    @property
    def seed(self) -> str:
        """Return what stands for the pair: the same two commits are measured in the same order."""
        return ":".join(each.commit or each.what for each in self.facts)

    def version(self, side: str) -> service.Version:
        """Return one side."""
        return self.base if side == "base" else self.head


@contextlib.contextmanager
def found(
    config: model.Config, environ: Mapping[str, str], voice: console.Console
) -> Iterator[Pair]:
    """Hand out both versions; what was checked out for it is gone afterwards.

    Raises ConfigError where there is nothing to compare, or base cannot be found.
    """
    head_facts = _head(config, environ)
    head = service.Version(spec=_spec(config), root=config.root, side="head")
    with _base(config, head, environ) as (base, facts, findings):
        unlike.refuse(base, head, config.compare.against)
        for each in (facts, head_facts):
            voice.say(f"{each.side}: {each.what}" + (f"; {each.service}" if each.service else ""))
        yield Pair(base=base, head=head, facts=(facts, head_facts), findings=findings)


def same(config: model.Config, environ: Mapping[str, str]) -> Pair:
    """Return head on both sides, which differ by nothing: whatever is found there is an alarm."""
    facts = _head(config, environ)
    head = service.Version(spec=_spec(config), root=config.root, side="head")
    return Pair(
        base=replace(head, side="base"),
        head=head,
        facts=(facts.model_copy(update={"side": "base"}), facts),
    )


def _spec(config: model.Config) -> model.Service:
    if config.service is None:
        raise errors.ConfigError(
            "there is no service to compare", remedy="say how it is started: `service` in ltlab.yml"
        )
    return config.service


def _head(config: model.Config, environ: Mapping[str, str]) -> model.SideFacts:
    spec = _spec(config)
    if spec.url is not None:
        return model.SideFacts(side="head", what=f"what answers at {spec.url}")
    try:
        clone = git.find(config.root, environ)
        commit, dirty = clone.commit("HEAD"), clone.dirty(config.report_dir)
    except errors.ConfigError:  # a folder or image can be compared without git
        return model.SideFacts(side="head", what="the working tree")
    changed = " with uncommitted changes" if dirty else ""
    return model.SideFacts(
        side="head", what=f"the working tree at {commit[:_SHORT]}{changed}", commit=commit
    )


_Base = tuple[service.Version, model.SideFacts, tuple[model.Finding, ...]]


@contextlib.contextmanager
def _base(
    config: model.Config, head: service.Version, environ: Mapping[str, str]
) -> Iterator[_Base]:
    against = config.compare.against
    if against.startswith(("http://", "https://")):
        yield _at_url(config, head, against)
    elif against.startswith("/"):
        yield _in_folder(config, head, Path(against))
    elif ":" in against:
        yield _of_image(config, head, against)
    else:
        clone = git.find(config.root, environ)
        commit, what = _commit(clone, config)
        prefix = leftovers.folder_prefix(environ)
        with (
            tempfile.TemporaryDirectory(prefix=prefix) as folder,
            clone.checkout(commit, Path(folder) / "base") as tree,
        ):
            root = tree / config.root.resolve().relative_to(clone.top.resolve())
            base, facts, warned = _version(config, head, root, what, commit)
            if clone.tree(commit) == clone.tree("HEAD") and not clone.dirty(config.report_dir):
                warned = (*warned, _warn("nothing-differs", _NOTHING_DIFFERS))
            yield base, facts, warned


def _commit(clone: git.Git, config: model.Config) -> tuple[str, str]:
    """Return base's commit, and where it comes from in words. Raises ConfigError for head's own."""
    against = config.compare.against
    if against == model.MERGE_BASE:
        commit, what, same = _merge_base(clone, config.compare.target)
    else:
        commit, name = _named(clone, against)
        what, same = f"{name} ({commit[:_SHORT]})", _itself(name)
    if commit == clone.commit("HEAD") and not clone.dirty(config.report_dir):
        raise errors.ConfigError(
            same,
            remedy="name an older version: --against HEAD~1, or a tag; `ltlab selftest` compares "
            "head with itself",
        )
    return commit, what


def _itself(what: str) -> str:
    return f"base and head are the same: {what} is HEAD, and no file is changed"


def _named(clone: git.Git, against: str) -> tuple[str, str]:
    """Return the commit of a branch, tag or commit, and the name by which git knows it."""
    name = clone.remote_branch(against) if not clone.commit(against) else against
    if not name and not clone.fetch([against], *_depth(clone, 1)):
        name = clone.remote_branch(against)
    if not name:
        raise errors.ConfigError(
            f"git knows no branch, tag or commit {against!r}",
            remedy="check its name; fetch tags with `git fetch --tags`, or `fetch-tags: true`",
        )
    return clone.commit(name), name


def _merge_base(clone: git.Git, target: model.Target) -> tuple[str, str, str]:
    """Return the merge base, where it comes from, and what to say where it is HEAD itself."""
    if target.commit:
        commit = clone.commit(target.commit)
        if not commit and not clone.fetch([target.commit], *_depth(clone, 1)):
            commit = clone.commit(target.commit)
        if commit:
            what = f"{commit[:_SHORT]}, the merge base by {target.said_by}"
            return commit, what, _itself(what)
    branch = _target(clone, target)
    commit = clone.merge_base("HEAD", branch) or clone.deepened(branch, target.branch)
    what = f"{commit[:_SHORT]}, the merge base of HEAD and {branch}"
    return commit, what, f"HEAD is part of {branch} already, so its merge base is itself"


def _target(clone: git.Git, target: model.Target) -> str:
    """Return the name of the branch that head is to be merged into."""
    if not target.branch:
        name = next(filter(None, map(clone.remote_branch, _BRANCHES)), "")
        # HEAD alone would be what is checked out here, not what a remote calls its default branch.
        if not name or name == "HEAD":
            name = next(filter(None, map(clone.remote_branch, _BRANCHES[1:])), "")
        if not name:
            raise errors.ConfigError(
                "cannot tell which branch head is to be merged into", remedy=_NAME_ONE
            )
        return name
    found = clone.remote_branch(target.branch)
    if not found or clone.shallow:
        complaint = clone.fetch([target.branch], *_depth(clone, 100))
        found = clone.remote_branch(target.branch)
        if not found:
            raise errors.ConfigError(
                f"the branch {target.branch} that {target.said_by} names cannot be fetched: {complaint}",
                remedy="fetch it before: `fetch-depth: 0` for actions/checkout, or `git fetch origin`",
            )
    return found


def _depth(clone: git.Git, commits: int) -> tuple[str, ...]:
    """Return how deep to fetch: any depth would cut off the history of a whole clone."""
    return (f"--depth={commits}",) if clone.shallow else ()


def _version(
    config: model.Config, head: service.Version, root: Path, what: str, commit: str = ""
) -> _Base:
    """Return the version in a folder, started by its own ltlab.yml, else by head's."""
    spec, why = None, "its ltlab.yml has no service"
    name = config.file.name if config.file is not None else "ltlab.yml"
    if not (root / name).is_file():
        why = f"it has no {name}"
    else:
        try:
            spec = read.service(root / name)
        except errors.ConfigError as error:
            why = f"its {name} cannot be read ({error.message})"
    said = "" if spec is not None else f"started by head's service block, since {why}"
    facts = model.SideFacts(side="base", what=what, commit=commit, service=said)
    version = service.Version(spec=spec or head.spec, root=root, side="base")
    warned = (_warn("base-by-heads-service", f"base is {said}"),) if said else ()
    return version, facts, warned


def _in_folder(config: model.Config, head: service.Version, folder: Path) -> _Base:
    if not folder.is_dir():
        raise errors.ConfigError(f"no folder {folder} to compare with", remedy=_NAME_ONE)
    if folder.samefile(config.root):
        raise errors.ConfigError(
            f"base and head are the same: {folder} is the folder of head",
            remedy="name another folder, or a version: --against main",
        )
    return _version(config, head, folder, f"the folder {folder}")


def _of_image(config: model.Config, head: service.Version, image: str) -> _Base:
    if head.spec is None or head.spec.image is None:
        raise errors.ConfigError(
            f"{image} is an image, and head's service is none",
            remedy="state `service.image` in ltlab.yml, so that both run in containers; or "
            "compare with a commit",
        )
    spec = head.spec.model_copy(update={"image": image, "build": None})
    facts = model.SideFacts(side="base", what=f"the image {image}")
    return service.Version(spec=spec, root=config.root, side="base"), facts, ()


def _at_url(config: model.Config, head: service.Version, url: str) -> _Base:
    model.address(url)
    assert head.spec is not None  # _spec refused none
    spec = model.Service(url=url, ready=head.spec.ready)
    facts = model.SideFacts(side="base", what=f"what answers at {url}")
    warned = [
        _warn(
            "not-restarted",
            "base is not ltlab's to start, so it is not started afresh in every round: a "
            "lasting difference between two starts looks like one between versions",
        )
    ]
    if urlsplit(url).hostname not in {"127.0.0.1", "localhost", "::1"}:
        warned.append(
            _warn(
                "not-here",
                f"base answers from {urlsplit(url).hostname}: what disturbs one machine does not "
                "disturb the other, and looks like a difference between versions",
            )
        )
    return service.Version(spec=spec, root=config.root, side="base"), facts, tuple(warned)


def _warn(code: str, message: str) -> model.Finding:
    return model.Finding(
        code=code,
        effect="warn",
        message=message,
        remedy="see docs/compare.md for what is compared with what",
    )
