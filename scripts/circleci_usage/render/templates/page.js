// Adds what only a script can: sorting and filtering. Without it the page is whole.
(() => {
  "use strict";
  const value = (cell) => {
    const number = parseFloat(cell.textContent.replace(/−/g, "-").replace(/[^\d.<-]/g, "").replace("<", "0.00"));
    return Number.isNaN(number) ? cell.textContent.trim().toLowerCase() : number;
  };
  const sort = (table, column, heading) => {
    const down = heading.getAttribute("aria-sort") !== "descending";
    for (const other of table.querySelectorAll("[aria-sort]")) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [column ? value(row.cells[column]) : row.cells[0].textContent.trim().toLowerCase(), row]);
    rows.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1));
    body.append(...rows.map(([, row]) => row));
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      if (heading.classList.contains("days")) return;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = heading.textContent;
      button.addEventListener("click", () => sort(table, column, heading));
      heading.replaceChildren(button);
    });
  }
  const projects = document.querySelector(".projects");
  if (projects && projects.children.length > 10) {
    const field = document.createElement("input");
    field.type = "search";
    field.className = "filter";
    field.placeholder = "Filter projects";
    field.setAttribute("aria-label", "Filter projects");
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      for (const project of projects.children) {
        project.hidden = !project.querySelector(".who").textContent.toLowerCase().includes(wanted);
      }
    });
    projects.before(field);
  }
  const open = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const closed = target && target.closest("details:not([open])");
    if (closed) {
      closed.open = true;
      target.scrollIntoView();
    }
  };
  addEventListener("hashchange", open);
  open();
})();
