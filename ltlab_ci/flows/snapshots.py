"""Keep a run's dashboards: ask their queries, write them into the report, give them to a Grafana.

What goes wrong here is a warning in the report and never the verdict: dashboards are for people.
Not here: what a snapshot holds (report/snapshot.py), how a Grafana is spoken to (lab/grafana.py).
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ltlab_ci import errors, model, resources
from ltlab_ci.lab import grafana
from ltlab_ci.model import Json
from ltlab_ci.report import frames, run_board, snapshot

FOLDER = "grafana"
_OF_ENGINE: Mapping[str, tuple[str, ...]] = {
    "k6": ("k6-dashboard", "k6-pro", "k6-elite"),
    "artillery": ("artillery-telegraf", "artillery-pro", "artillery-elite"),
}

Ask = Callable[[Sequence[model.PanelQuery], model.View], model.Frames]
"""Returns the frames of queries over the time of a view. Raises LabError."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A dashboard in the report folder (`file`, from there) beside the one it was made from."""

    of: Json
    dashboard: Json
    file: str


def boards(engines: Iterable[str]) -> tuple[Json, ...]:
    """Return the dashboards that show runs of these engines, the lab's health among them."""
    uids = [uid for engine in dict.fromkeys(engines) for uid in _OF_ENGINE[engine]]
    return tuple(_carried(uid) for uid in (*uids, "lab-health"))


def of_comparison() -> Json:
    """Return the dashboard of base against head."""
    return _carried("ltlab-compare")


def _carried(uid: str) -> Json:
    file = resources.folder("grafana/dashboards") / f"{uid}.json"
    return dict(json.loads(file.read_bytes()))


def own(paths: Iterable[Path]) -> tuple[Json, ...]:
    """Read a project's own dashboards. Raises ConfigError for a file that is none."""
    return tuple(_own(path) for path in paths)


def _own(path: Path) -> Json:
    try:
        board = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise errors.ConfigError(
            f"{path.name} cannot be read as a dashboard: {error}",
            remedy="export it from Grafana: Share, Export, Save to file",
        ) from error
    # The uid becomes the name of a file.
    known = isinstance(board, dict) and re.fullmatch(
        r"[\w-]{1,40}", str(board.get("uid") or ""), re.ASCII
    )
    if not known or not board.get("title") or not isinstance(board.get("panels"), list):
        raise errors.ConfigError(
            f"{path.name} is no dashboard with a uid, a title and panels",
            remedy="export it from Grafana in its classic form, not as a new resource",
        )
    return dict(board)


def through_grafana(client: grafana.Client) -> Ask:
    """Ask the lab's Grafana, which asks its data source: what it answers is what people saw."""
    return lambda queries, view: client.frames(queries, view.window)


def through_store(csv: Callable[[str], str], *, bucket: str) -> Ask:
    """Ask InfluxDB itself; `csv` returns the annotated CSV of a Flux script, or raises StoreError."""

    def ask(queries: Sequence[model.PanelQuery], view: model.View) -> model.Frames:
        return {
            (query.panel, query.ref): frames.of_csv(
                csv(snapshot.plain_flux(query, view, bucket=bucket))
            )
            for query in queries
        }

    return ask


def keep(
    dashboards: Sequence[Json],
    view: model.View,
    ask: Ask,
    report_dir: Path,
    *,
    budget_s: float = 120.0,
) -> tuple[tuple[Kept, ...], tuple[model.Finding, ...]]:
    """Write a snapshot of each dashboard into the report; the first trouble ends it.

    No query is asked after `budget_s`: a run is not held up by pictures of it.
    """
    kept: list[Kept] = []
    found: list[model.Finding] = []
    asker = _Asker(ask, view, time.monotonic() + budget_s)
    for dashboard in dashboards:
        try:
            whole = snapshot.keep(dashboard, view, asker(snapshot.queries(dashboard, view)))
        except errors.LabError as error:
            return tuple(kept), (*found, _warning("snapshot", error))
        file = f"{FOLDER}/{dashboard['uid']}.json"
        try:
            _write(report_dir / file, whole.dashboard)
        except errors.StoreError as error:
            return tuple(kept), (*found, _warning("snapshot", error))
        kept.append(Kept(of=dashboard, dashboard=whole.dashboard, file=file))
        cut = [note for note in whole.notes if not note.endswith(": no data")]
        if cut:
            found.append(_cut(dashboard["title"], cut))
    return tuple(kept), tuple(found)


class _Asker:
    """Asks each query once, though a tier shows again what the tiers below it show."""

    def __init__(self, ask: Ask, view: model.View, deadline: float) -> None:
        self._ask, self._view, self._deadline = ask, view, deadline
        self._known: dict[tuple[str, int], tuple[Json, ...]] = {}

    def __call__(self, queries: Sequence[model.PanelQuery]) -> model.Frames:
        """Return the frames of every query. Raises LabError, also when the time is over."""
        found = {}
        for query in queries:
            same = (query.flux, query.step_s)
            if same not in self._known:
                if time.monotonic() > self._deadline:
                    raise errors.StoreError(
                        "the time for snapshots of dashboards is over",
                        remedy="look at the live dashboards; what is judged is whole",
                    )
                [self._known[same]] = self._ask([query], self._view).values()
            found[query.panel, query.ref] = self._known[same]
        return found


def keep_result(
    result: model.Result, starts_ns: Mapping[str, int], report_dir: Path
) -> tuple[tuple[Kept, ...], tuple[model.Finding, ...]]:
    """Write the dashboard of a lab that has no InfluxDB, made from the result alone."""
    board = run_board.of_result(result, starts_ns)
    file = f"{FOLDER}/{run_board.UID}.json"
    try:
        _write(report_dir / file, board)
    except errors.StoreError as error:
        return (), (_warning("snapshot", error),)
    return (Kept(of=run_board.PLACE, dashboard=board, file=file),), ()


def publish(
    kept: Sequence[Kept], to: model.Grafana, *, expires_s: int | None
) -> tuple[tuple[model.Snapshot, ...], tuple[model.Finding, ...]]:
    """Have a Grafana keep the snapshots too, and return where; the first trouble ends it."""
    posted: list[model.Snapshot] = []
    with grafana.opened(to) as client:
        for each in kept:
            try:
                posted.append(
                    client.publish(each.dashboard, of=each.of, file=each.file, expires_s=expires_s)
                )
            except errors.LabError as error:
                return (*posted, *local(kept[len(posted) :])), (_warning("grafana", error),)
    return tuple(posted), ()


def local(kept: Sequence[Kept]) -> tuple[model.Snapshot, ...]:
    """Return what result.json says of snapshots that are in the report alone."""
    return tuple(
        model.Snapshot(uid=each.of["uid"], title=each.dashboard["title"], file=each.file)
        for each in kept
    )


def _write(path: Path, dashboard: Json) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{json.dumps(dashboard, ensure_ascii=False)}\n", encoding="utf-8")
    except OSError as error:
        with contextlib.suppress(OSError):  # half a dashboard is none
            path.unlink(missing_ok=True)
        raise errors.StoreError(
            f"{path.name} cannot be written: {error.strerror}",
            remedy="make room, then run again; what is judged is whole",
        ) from error


def _warning(code: str, error: errors.LabError) -> model.Finding:
    return model.Finding(code=code, effect="warn", message=error.message, remedy=error.remedy)


def _cut(title: str, notes: Sequence[str]) -> model.Finding:
    return model.Finding(
        code="snapshot-cut",
        effect="warn",
        message=f"the snapshot of {title!r} leaves things out: {'; '.join(notes)}",
        remedy="what is judged is whole; look at the samples, or at the live dashboard",
    )
