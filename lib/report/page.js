// Tables that can be sorted and one unit at a time. The page is complete without it.
"use strict";
(() => {
  const number = (text) => {
    const value = parseFloat(text.replace("\u2212", "-").replace(",", ""));
    return Number.isNaN(value) ? null : value;
  };

  const sort = (table, column, header) => {
    const body = table.tBodies[0];
    const isNumber = header.classList.contains("n");
    const before = header.getAttribute("aria-sort");
    // Numbers begin with the largest, words with the first.
    const descending = before ? before === "ascending" : isNumber;
    const rows = Array.from(body.rows, (row) => {
      const text = row.cells[column].textContent.trim();
      return { row, value: isNumber ? number(text) : text };
    });
    const words = new Intl.Collator(undefined, { numeric: true });
    rows.sort((a, b) => {
      if (isNumber) {
        if (a.value === null || b.value === null) return (a.value === null) - (b.value === null);
        return descending ? b.value - a.value : a.value - b.value;
      }
      return descending ? words.compare(b.value, a.value) : words.compare(a.value, b.value);
    });
    body.append(...rows.map((one) => one.row));
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", descending ? "descending" : "ascending");
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    Array.from(table.tHead.rows[0].cells).forEach((header, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = header.textContent;
      header.textContent = "";
      header.append(button);
      button.addEventListener("click", () => sort(table, column, header));
    });
    if (table.tBodies[0].rows.length < 15) continue;
    const label = document.createElement("label");
    label.className = "filter";
    label.textContent = "Rows that contain ";
    const input = document.createElement("input");
    input.type = "search";
    label.append(input);
    table.parentElement.before(label);
    input.addEventListener("input", () => {
      const wanted = input.value.toLowerCase();
      for (const row of table.tBodies[0].rows) {
        row.hidden = !row.textContent.toLowerCase().includes(wanted);
      }
    });
  }

  const units = Array.from(document.querySelectorAll("section.unit"));
  if (units.length < 2) return;
  const choice = document.createElement("div");
  choice.className = "choice";
  const label = document.createElement("label");
  label.textContent = "Unit ";
  const select = document.createElement("select");
  select.id = "unit-choice";
  for (const unit of units) {
    const option = document.createElement("option");
    option.value = unit.id;
    option.textContent = unit.dataset.name;
    select.append(option);
  }
  label.append(select);
  const show = (id) => {
    for (const unit of units) unit.hidden = id !== "" && unit.id !== id;
    if (id !== "") select.value = id;
  };
  const step = (by) => {
    select.selectedIndex = (select.selectedIndex + by + units.length) % units.length;
    show(select.value);
  };
  const button = (text, action) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.addEventListener("click", action);
    return made;
  };
  choice.append(label, button("Previous", () => step(-1)), button("Next", () => step(1)),
    button("Show all", () => show("")));
  units[0].before(choice);
  select.addEventListener("change", () => show(select.value));
  const follow = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    if (units.some((unit) => unit.id === id)) {
      show(id);
      choice.scrollIntoView();
    }
  };
  window.addEventListener("hashchange", follow);
  show(units[0].id);
  follow();
})();
