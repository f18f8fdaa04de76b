"""Where a run takes place and where its samples and dashboards go, from settings and ltlab.yml.

Not here: the table of settings (options.py), the rest of ltlab.yml (read.py).
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ltlab_ci import errors, model
from ltlab_ci.config import options

Settings = Mapping[str, options.Setting]


def lab(
    spec: model.LabSpec,
    dashboards: model.GrafanaSpec,
    settings: Settings,
    *,
    cwd: Path,
    environ: Mapping[str, str],
    root: Path,
) -> dict[str, Any]:
    """Return the fields of model.Config that say where. Raises ConfigError."""
    runtime = _runtime(settings["lab"])
    return {
        "runtime": runtime,
        "lab_dir": at_home(settings["lab-dir"].value, cwd, environ),
        "raw_retention_days": model.retention_days(spec.store.raw_retention),
        "minute_retention_days": model.retention_days(spec.store.minute_retention),
        "influx": _influx(settings) if runtime is model.Runtime.EXTERNAL else None,
        "grafana": _grafana(settings),
        "dashboards": tuple(root / name for name in dashboards.dashboards),
        "snapshots": dashboards.snapshots,
        "expires_s": None
        if dashboards.expires is None
        else model.retention_days(dashboards.expires) * 86_400,
    }


def at_home(written: str, cwd: Path, environ: Mapping[str, str]) -> Path:
    """Return a path as a setting states it: ~ is the user's home, a relative one starts here."""
    home = environ.get("HOME") or tempfile.gettempdir()
    return (cwd / re.sub(r"^~(?=/|$)", lambda _: home, written)).resolve()


def _runtime(setting: options.Setting) -> model.Runtime:
    try:
        return model.Runtime(setting.value or "auto")
    except ValueError as error:
        raise errors.ConfigError(
            f"{setting.source}: there is no lab {setting.value!r}",
            remedy="choose embedded, docker or external",
        ) from error


def _influx(settings: Mapping[str, options.Setting]) -> model.Influx:
    url, token = settings["influxdb-url"].value, settings["influxdb-token"].value
    if not url or not token:
        raise errors.ConfigError(
            "the external lab needs the address and a token of an InfluxDB 2",
            remedy="set LTLAB_INFLUXDB_URL and LTLAB_INFLUXDB_TOKEN in the environment",
        )
    return model.Influx(
        url=_address(settings["influxdb-url"]).rstrip("/"),
        token=token,
        org=settings["influxdb-org"].value,
        bucket=settings["influxdb-bucket"].value,
    )


def _grafana(settings: Settings) -> model.Grafana | None:
    if not settings["grafana-url"].value:
        return None
    url = _address(settings["grafana-url"])
    return model.Grafana(url=url, token=settings["grafana-token"].value)


def _address(setting: options.Setting) -> str:
    try:
        model.address(setting.value)
    except errors.ConfigError as error:
        raise errors.ConfigError(
            f"{setting.source}: {error.message}", remedy=error.remedy
        ) from error
    return setting.value
