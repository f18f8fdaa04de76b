"""Flux queries of the panels: every range is the dashboard's, every series belongs to one run.

Time series keep `_measurement` and `_field`, since Grafana makes series with labels of such tables
alone; figures and tables leave `_measurement` out and so become one frame.
"""

from __future__ import annotations

from collections.abc import Sequence

RAW = "v.defaultBucket"
LIVE = '"ltlab_live"'
MINUTE = '"ltlab_minute"'

EVERY = "v.windowPeriod"
_RANGE = "range(start: v.timeRangeStart, stop: v.timeRangeStop)"
_PROJECT = "r.project =~ /^${project:regex}$/"
_RUN = (
    "r.testid =~ /^${testid:regex}$/ and "
    f"{_PROJECT} and "
    "r.ltlab_scenario =~ /^${ltlab_scenario:regex}$/"
)
ENDPOINT = "r.name =~ /^${name:regex}$/"
ALONE, ROUNDS = "not exists r.ltlab_side", "exists r.ltlab_side"
"""What tells a run from the rounds of a comparison, which carry its tags as well."""
OF_RUN = ("testid", "ltlab_scenario")


def rows(metric: str, *where: str, field: str = "value", bucket: str = RAW, of: str = ALONE) -> str:
    """Return the samples of a metric that the dashboard's variables choose.

    `of` is ALONE, ROUNDS, or "" for what belongs to no run.
    """
    wanted = [f'r._measurement == "{metric}" and r._field == "{field}"']
    wanted += [_RUN, of] if of else []
    filters = "".join(f"\n  |> filter(fn: (r) => {each})" for each in [*wanted, *where])
    return f"from(bucket: {bucket})\n  |> {_RANGE}{filters}"


def over_time(samples: str, fn: str, name: str, by: Sequence[str] = OF_RUN) -> str:
    """Return one series for each value of `by`: `fn` over each step, shown as `name`."""
    return (
        f"{samples}\n  |> group(columns: {listed('_measurement', '_field', *by)})"
        f"\n  |> aggregateWindow(every: {EVERY}, fn: {fn}, createEmpty: false)"
        f'\n  |> set(key: "_field", value: "{name}")'
        f"\n  |> keep(columns: {listed('_time', '_value', '_measurement', '_field', *by)})"
    )


def quantile(share: float) -> str:
    """Return the function for `over_time` that is k6's percentile: linear, over every sample."""
    return (
        "(column, tables=<-) => tables "
        f'|> quantile(q: {share}, column: column, method: "exact_mean")'
    )


def per_second(samples: str, name: str, by: Sequence[str] = OF_RUN) -> str:
    """Return the sum of each step, divided by its seconds."""
    scaled = (
        f"map(fn: (r) => ({{r with _value: r._value * 1000000000.0 / float(v: int(v: {EVERY}))}}))"
    )
    return f"{over_time(samples, 'sum', name, by)}\n  |> {scaled}"


def figure(samples: str, then: str, by: Sequence[str] = OF_RUN) -> str:
    """Return one row for each value of `by`, drawn from all of its samples."""
    return (
        f"{samples}\n  |> group(columns: {listed(*by)})\n  |> {then}"
        f"\n  |> keep(columns: {listed('_value', *by)})\n  |> group()"
    )


def table(
    columns: Sequence[tuple[str, str, str]],
    by: Sequence[str],
    *,
    order: str,
    across: Sequence[str] = (),
) -> str:
    """Return a table: a row for each value of `by`, a column for each (name, samples, function).

    `across` names tags with a column of their own for each value, in front of the column's name.
    """
    each, into = (*by, *across), listed(*across, "stat")
    parts = [
        f"{name} = {samples}\n  |> group(columns: {listed(*each)})\n  |> {then}"
        f"\n  |> toFloat()\n  |> keep(columns: {listed('_value', *each)})"
        f'\n  |> set(key: "stat", value: "{name}")'
        for name, samples, then in columns
    ]
    names = [name for name, _, _ in columns]
    union = f"union(tables: [{', '.join(names)}])" if len(names) > 1 else names[0]
    return "\n".join(
        [
            *parts,
            union,
            "  |> group()",
            f'  |> pivot(rowKey: {listed(*by)}, columnKey: {into}, valueColumn: "_value")',
            f'  |> sort(columns: ["{order}"], desc: true)',
            "  |> limit(n: 50)",
        ]
    )


def heat(samples: str, bins: Sequence[float]) -> str:
    """Return how many samples fell into each bin, a row a step and a column a bin.

    A column is named by its upper bound; Flux counts up to each bound, so neighbours are subtracted.
    """
    bounds = ", ".join([*(f"{bound:.1f}" for bound in (0.0, *bins)), 'float(v: "+Inf")'])
    return (
        f"{samples}\n  |> group()\n  |> window(every: {EVERY})"
        f"\n  |> histogram(bins: [{bounds}])"
        '\n  |> difference()\n  |> duplicate(column: "_stop", as: "_time")\n  |> group()'
        "\n  |> map(fn: (r) => ({_time: r._time, _value: r._value, le: string(v: r.le)}))"
        '\n  |> pivot(rowKey: ["_time"], columnKey: ["le"], valueColumn: "_value")'
    )


def runs(bucket: str, metric: str, field: str, *where: str) -> str:
    """Return every run with samples in the dashboard's time, the newest first."""
    return (
        f"from(bucket: {bucket})\n  |> {_RANGE}"
        f'\n  |> filter(fn: (r) => r._measurement == "{metric}" and r._field == "{field}")'
        f"\n  |> filter(fn: (r) => {' and '.join([_PROJECT, *where])})"
        '\n  |> last()\n  |> group(columns: ["testid"])\n  |> max(column: "_time")\n  |> group()'
        '\n  |> sort(columns: ["_time"], desc: true)\n  |> keep(columns: ["testid"])'
        '\n  |> rename(columns: {testid: "_value"})'
    )


def values(bucket: str, tag: str, metric: str, *where: str) -> str:
    """Return the values that a tag has on a metric in the dashboard's time."""
    wanted = " and ".join([f'r._measurement == "{metric}"', *where])
    return (
        'import "influxdata/influxdb/schema"\n'
        f'schema.tagValues(bucket: {bucket}, tag: "{tag}", start: v.timeRangeStart, '
        f"stop: v.timeRangeStop, predicate: (r) => {wanted})"
    )


def growth(samples: str, name: str, by: Sequence[str] = ()) -> str:
    """Return by how much a counter grew in each step, started again or not."""
    last = over_time(samples, "last", name, by)
    return f"{last}\n  |> difference(nonNegative: true)"


def mark(samples: str, pick: str, text: str, by: Sequence[str] = OF_RUN) -> str:
    """Return an event at the first (`min`) or last (`max`) sample for each value of `by`.

    `text` is an expression in Flux.
    """
    return (
        f"{samples}\n  |> group(columns: {listed(*by)})"
        f'\n  |> {pick}(column: "_time")\n  |> group()'
        f"\n  |> map(fn: (r) => ({{_time: r._time, text: {text}, tags: r.testid}}))"
    )


def listed(*names: str) -> str:
    """Return names as a Flux list."""
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"
