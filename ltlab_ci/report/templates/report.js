"use strict";
// Draws the charts and zooms them together. What is drawn comes from charts.py.
(() => {
  const STYLES = {
    p50: { color: "--line-1", width: 1.5, dash: [] },
    p95: { color: "--line-2", width: 2.25, dash: [] },
    p99: { color: "--line-3", width: 1.5, dash: [5, 3] },
    requests: { color: "--line-1", width: 2, dash: [], fill: true },
    failed: { color: "--fail", width: 2, dash: [], fill: true },
    service: { color: "--line-1", width: 1.5, dash: [] },
    engine: { color: "--line-2", width: 1.5, dash: [6, 3] },
    completed: { color: "--line-1", width: 2, dash: [], fill: true },
    offered: { color: "--line-2", width: 1.75, dash: [7, 4] },
    kind0: { color: "--fail", width: 2, dash: [] },
    kind1: { color: "--line-2", width: 2, dash: [8, 3] },
    kind2: { color: "--line-3", width: 2, dash: [3, 3] },
    kind3: { color: "--line-4", width: 2, dash: [10, 3, 2, 3] },
    kind4: { color: "--line-1", width: 2, dash: [2, 2] },
    kind5: { color: "--muted", width: 1.5, dash: [1, 3] },
    VUs: { color: "--line-4", width: 2, dash: [], fill: true },
  };
  const HEIGHT = 210;
  const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800];
  const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const digits = (value) => {
    const size = Math.abs(value);
    if (size >= 1000) return Math.round(value).toLocaleString("en").replaceAll(",", "\u202f");
    return String(Number(value.toPrecision(3)));
  };

  const figure = (value, unit) => {
    if (value === null || value === undefined) return "–";
    if (unit === "ms") {
      return Math.abs(value) >= 1000 ? `${digits(value / 1000)} s` : `${digits(value)} ms`;
    }
    return `${digits(value)}${unit}`;
  };

  const clock = (seconds) => {
    if (seconds === null || seconds === undefined) return "–";
    if (seconds < 60) return `${seconds} s`;
    const pad = (number) => String(number).padStart(2, "0");
    const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
    const rest = pad(Math.floor(seconds % 60));
    return hours ? `${hours}:${pad(minutes)}:${rest}` : `${minutes}:${rest}`;
  };

  const shadeJudged = (judged) => (plot) => {
    if (!judged) return;
    const { left, top, width, height } = plot.bbox;
    const inside = (seconds) =>
      Math.min(left + width, Math.max(left, plot.valToPos(seconds, "x", true)));
    const [from, to] = [inside(judged[0]), inside(judged[1])];
    plot.ctx.save();
    plot.ctx.fillStyle = css("--judged");
    plot.ctx.fillRect(from, top, to - from, height);
    plot.ctx.restore();
  };

  const markWindows = (windows) => (plot) => {
    const { left, top, width, height } = plot.bbox;
    const scale = window.devicePixelRatio || 1;
    const x = (seconds) => plot.valToPos(seconds, "x", true);
    plot.ctx.save();
    plot.ctx.beginPath();
    plot.ctx.rect(left, top, width, height);
    plot.ctx.clip();
    plot.ctx.strokeStyle = plot.ctx.fillStyle = css("--window");
    plot.ctx.lineWidth = scale;
    plot.ctx.setLineDash([2 * scale, 4 * scale]);
    windows.forEach(({ from, to }, row) => {
      plot.ctx.fillRect(x(from), top + (row % 4) * 5 * scale, x(to) - x(from), 3 * scale);
      for (const edge of [x(from), x(to)]) {
        plot.ctx.beginPath();
        plot.ctx.moveTo(edge, top);
        plot.ctx.lineTo(edge, top + height);
        plot.ctx.stroke();
      }
    });
    plot.ctx.restore();
  };

  const drawLimits = (limits) => (plot) => {
    const { left, top, width, height } = plot.bbox;
    const scale = window.devicePixelRatio || 1;
    plot.ctx.save();
    plot.ctx.strokeStyle = css("--limit");
    plot.ctx.fillStyle = css("--limit");
    plot.ctx.lineWidth = scale;
    plot.ctx.font = FONT.replace("12px", `${11 * scale}px`);
    plot.ctx.textAlign = "right";
    plot.ctx.textBaseline = "bottom";
    plot.ctx.lineJoin = "round";
    const labels = [];
    for (const { label, value } of [...limits].sort((one, other) => one.value - other.value)) {
      const y = plot.valToPos(value, "y", true);
      if (y < top || y > top + height) continue;
      plot.ctx.setLineDash([3 * scale, 3 * scale]);
      plot.ctx.beginPath();
      plot.ctx.moveTo(left, y);
      plot.ctx.lineTo(left + width, y);
      plot.ctx.stroke();
      let at = y - 16 * scale < top ? y + 15 * scale : y - 2 * scale;
      while (labels.some(([, taken]) => Math.abs(taken - at) < 13 * scale)) at -= 13 * scale;
      labels.push([label, at]);
    }
    // Last, and with an edge of the ground's colour: the measured lines run behind them.
    plot.ctx.setLineDash([]);
    plot.ctx.strokeStyle = css("--card");
    plot.ctx.lineWidth = 5 * scale;
    for (const [label, at] of labels) {
      plot.ctx.strokeText(label, left + width - 4 * scale, at);
      plot.ctx.fillText(label, left + width - 4 * scale, at);
    }
    plot.ctx.restore();
  };

  // A limit belongs into view, unless that would press the lines flat.
  const yRange = (limits) => (_plot, _low, high) => {
    const top = Math.max(high ?? 0, 0);
    const near = limits.map(({ value }) => value).filter((value) => value <= top * 3);
    return [0, Math.max(top, ...near) * 1.12 || 1];
  };

  const axis = (values, extra) => ({
    stroke: () => css("--muted"),
    grid: { stroke: () => css("--grid"), width: 1 },
    ticks: { stroke: () => css("--grid"), width: 1, size: 4 },
    font: FONT,
    values: (_plot, ticks) => ticks.map(values),
    ...extra,
  });

  const line = ({ label, style }, unit) => {
    const { color, width, dash, fill } = STYLES[style];
    return {
      label,
      width,
      dash,
      stroke: () => css(color),
      fill: fill ? () => `${css(color)}22` : undefined,
      points: { size: 4 },
      value: (_plot, value) => figure(value, unit),
    };
  };

  const options = (scenario, chart, width) => ({
    width,
    height: HEIGHT,
    cursor: { sync: { key: scenario.sync }, y: false, points: { size: 7 } },
    scales: {
      x: { time: false, range: (_plot, low, high) => [low, high > low ? high : low + 1] },
      y: { range: yRange(chart.limits) },
    },
    axes: [
      axis(clock, { incrs: SECONDS, space: 60, size: 32 }),
      axis((value) => figure(value, chart.unit), { size: 64 }),
    ],
    series: [
      { label: "time", value: (_plot, value) => clock(value) },
      ...chart.lines.map((one) => line(one, chart.unit)),
    ],
    hooks: { drawClear: [shadeJudged(scenario.judged)], draw: [markWindows(scenario.windows), drawLimits(chart.limits)] },
  });

  const draw = (scenario, chart) => {
    const place = document.getElementById(chart.id);
    const columns = [scenario.t, ...chart.lines.map(({ values }) => values)];
    const plot = new uPlot(options(scenario, chart, place.clientWidth), columns, place);
    new ResizeObserver(() => {
      if (place.clientWidth && place.clientWidth !== plot.width) {
        plot.setSize({ width: place.clientWidth, height: HEIGHT });
      }
    }).observe(place);
    return plot;
  };

  // One stretch of time for all charts of a scenario: set by dragging, by buttons, by double-click.
  const zoomable = (scenario, plots) => {
    const { t, step, judged } = scenario;
    const whole = [t[0], t.length > 1 ? t[t.length - 1] : t[0] + step];
    const least = Math.min(step, whole[1] - whole[0]);
    let shown = whole;
    let busy = false;
    const place = document.getElementById(scenario.tools);
    const now = document.createElement("output");

    const say = () => {
      const all = shown[0] <= whole[0] && shown[1] >= whole[1];
      now.textContent = all ? "whole run" : `${clock(round(shown[0]))} to ${clock(round(shown[1]))}`;
      place.dataset.from = shown[0];
      place.dataset.to = shown[1];
    };
    const show = (from, to) => {
      const width = Math.min(Math.max(to - from, least), whole[1] - whole[0]);
      const start = Math.min(Math.max(from, whole[0]), whole[1] - width);
      shown = [start, start + width];
      busy = true;
      plots.forEach((plot) => plot.setScale("x", { min: shown[0], max: shown[1] }));
      busy = false;
      say();
    };
    const around = (factor) => {
      const [middle, half] = [(shown[0] + shown[1]) / 2, ((shown[1] - shown[0]) / 2) * factor];
      show(middle - half, middle + half);
    };
    const along = (share) => {
      const width = shown[1] - shown[0];
      show(shown[0] + width * share, shown[1] + width * share);
    };
    const button = (text, action) => {
      const made = document.createElement("button");
      made.type = "button";
      made.textContent = text;
      made.addEventListener("click", action);
      return made;
    };
    place.append(
      button("Zoom in", () => around(1 / 2)),
      button("Zoom out", () => around(2)),
      button("Earlier", () => along(-1 / 2)),
      button("Later", () => along(1 / 2)),
      ...(judged ? [button("Judged window", () => show(...judged))] : []),
      ...scenario.windows.map((one) => button(one.label, () => show(one.from, one.to))),
      button("Whole run", () => show(...whole)),
      now,
    );
    say();
    return (plot) => {
      const { min, max } = plot.scales.x;
      if (!busy && min !== null && (min !== shown[0] || max !== shown[1])) show(min, max);
    };
  };

  const round = (seconds) => Math.round(seconds * 10) / 10;

  const scenarios = JSON.parse(document.getElementById("data").textContent);
  const plots = scenarios.flatMap((scenario) => {
    const drawn = scenario.charts.map((chart) => draw(scenario, chart));
    const follow = zoomable(scenario, drawn);
    drawn.forEach((plot) => {
      plot.hooks.setScale = [(_plot, key) => key === "x" && follow(plot)];
    });
    return drawn;
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
    plots.forEach((plot) => plot.redraw(false)),
  );
  document.documentElement.dataset.charts = String(plots.length);
})();
