"use strict";
// Sorts the endpoint tables, filters their rows, opens logs at their first error. All stands in the page.
(() => {
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

  // Every word has to be somewhere in method or name.
  const makeFilterable = (table) => {
    const rows = [...table.tBodies[0].rows];
    const box = document.createElement("div");
    box.className = "filter";
    const label = document.createElement("label");
    const input = document.createElement("input");
    input.type = "search";
    input.placeholder = "method or part of the name";
    const told = document.createElement("output");
    const texts = new Map(
      rows.map((row) => [row, `${row.cells[1].textContent} ${row.cells[0].textContent}`.toLowerCase()]),
    );
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      rows.forEach((row) => {
        row.hidden = !words.every((word) => texts.get(row).includes(word));
      });
      const left = rows.filter((row) => !row.hidden).length;
      told.textContent = words.length ? `${left} of ${rows.length} shown` : "";
    });
    label.append("Filter ", input);
    box.append(label, told);
    table.closest(".scroll").before(box);
  };

  const showError = (log) => {
    const mark = log.querySelector("mark");
    if (!mark || !log.open) return;
    const lines = mark.parentElement;
    const above = mark.getBoundingClientRect().top - lines.getBoundingClientRect().top;
    lines.scrollTop += above - lines.clientHeight / 3;
  };

  document.querySelectorAll("details.log").forEach((log) => {
    showError(log);
    log.addEventListener("toggle", () => showError(log));
  });
  document.querySelectorAll("table.sortable").forEach((table) => {
    makeSortable(table);
    if (table.tBodies[0].rows.length > 5) makeFilterable(table);
  });
})();
