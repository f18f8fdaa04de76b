"use strict";
// Draws the charts and sorts the endpoint tables. What is drawn comes from charts.py.
(() => {
  const STYLES = {
    p50: { color: "--line-1", width: 1.5, dash: [] },
    p95: { color: "--line-2", width: 2.25, dash: [] },
    p99: { color: "--line-3", width: 1.5, dash: [5, 3] },
    requests: { color: "--line-1", width: 2, dash: [], fill: true },
    failed: { color: "--fail", width: 2, dash: [], fill: true },
    service: { color: "--line-1", width: 1.5, dash: [] },
    engine: { color: "--line-2", width: 1.5, dash: [6, 3] },
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
    for (const { label, value } of limits) {
      const y = plot.valToPos(value, "y", true);
      if (y < top || y > top + height) continue;
      plot.ctx.setLineDash([3 * scale, 3 * scale]);
      plot.ctx.beginPath();
      plot.ctx.moveTo(left, y);
      plot.ctx.lineTo(left + width, y);
      plot.ctx.stroke();
      const below = y - 16 * scale < top;
      plot.ctx.fillText(label, left + width - 4 * scale, below ? y + 15 * scale : y - 2 * scale);
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
    hooks: { drawClear: [shadeJudged(scenario.judged)], draw: [drawLimits(chart.limits)] },
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

  const sortBy = (table, column, descending) => {
    const value = (row) => {
      const cell = row.cells[column];
      if (cell.dataset.value === undefined) return cell.textContent;
      return cell.dataset.value === "" ? -Infinity : Number(cell.dataset.value);
    };
    const compare = (one, other) => {
      const [a, b] = [value(one), value(other)];
      const order = typeof a === "string" ? a.localeCompare(b) : a - b || 0;
      return descending ? -order : order;
    };
    const body = table.tBodies[0];
    body.append(...[...body.rows].sort(compare));
    [...table.tHead.rows[0].cells].forEach((head, index) => {
      if (index !== column) head.removeAttribute("aria-sort");
      else head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    });
  };

  const makeSortable = (table) => {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.addEventListener("click", () =>
        sortBy(table, column, head.getAttribute("aria-sort") !== "descending"),
      );
      head.replaceChildren(button);
    });
  };

  const scenarios = JSON.parse(document.getElementById("data").textContent);
  const plots = scenarios.flatMap((scenario) =>
    scenario.charts.map((chart) => draw(scenario, chart)),
  );
  document.querySelectorAll("table.sortable").forEach(makeSortable);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
    plots.forEach((plot) => plot.redraw(false)),
  );
  document.documentElement.dataset.charts = String(plots.length);
})();
