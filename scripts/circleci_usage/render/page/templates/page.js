// Adds what only a script can: sorting, filtering, where in the page one is. Without it the page is whole.
(() => {
  "use strict";
  const names = new Intl.Collator("en", { numeric: true });
  const isNumber = (text) => /^-?\d+(\.\d+)?$/.test(text);
  // Numbers of any length: as integers of the same number of decimal places.
  const scaled = (text, places) => {
    const [whole, rest = ""] = text.split(".");
    return BigInt(whole + rest.padEnd(places, "0"));
  };
  const places = (text) => (text.split(".")[1] ?? "").length;
  const byNumber = (a, b) => {
    const most = Math.max(places(a), places(b));
    const difference = scaled(a, most) - scaled(b, most);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  };
  const sort = (table, column, heading) => {
    const down = heading.getAttribute("aria-sort") !== "descending";
    for (const other of table.querySelectorAll("[aria-sort]")) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [row.cells[column].dataset.sort ?? row.cells[column].textContent.trim(), row]);
    const numbers = heading.classList.contains("n") && rows.some(([value]) => isNumber(value));
    // What is not known is neither more nor less: it comes last in both directions.
    const isKnown = ([value]) => (numbers ? isNumber(value) : value !== "");
    const known = rows.filter(isKnown);
    const unknown = rows.filter((row) => !isKnown(row));
    const compare = numbers ? byNumber : names.compare;
    known.sort(([a], [b]) => compare(a, b) * (down ? -1 : 1));
    body.append(...[...known, ...unknown].map(([, row]) => row));
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
  // Only what scrolls says so and is a stop of the Tab key.
  const regions = [...document.querySelectorAll(".scroll")];
  const tell = () => {
    const wide = regions.map((region) => region.scrollWidth > region.clientWidth);
    regions.forEach((region, index) => {
      region.classList.toggle("scrolls", wide[index]);
      region.tabIndex = wide[index] ? 0 : -1;
    });
  };
  const watch = new ResizeObserver(() => requestAnimationFrame(tell));
  for (const region of regions) watch.observe(region);
  const nav = document.querySelector("nav");
  const links = nav ? [...nav.querySelectorAll("a")] : [];
  const sections = links.map((link) => document.getElementById(link.hash.slice(1)));
  let current;
  const mark = () => {
    const isAtEnd = scrollY > 0 && innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
    const reached = sections.filter((section) => section.getBoundingClientRect().top < innerHeight / 3).length;
    const link = links[(isAtEnd ? sections.length : reached) - 1];
    if (link === current) return;
    current?.removeAttribute("aria-current");
    link?.setAttribute("aria-current", "location");
    current = link;
    if (link) nav.scrollTo({ left: link.offsetLeft - (nav.clientWidth - link.offsetWidth) / 2 });
  };
  addEventListener("scroll", mark, { passive: true });
  mark();
  const projects = document.querySelector(".projects");
  if (projects && projects.children.length > 10) {
    const field = document.createElement("input");
    field.type = "search";
    field.className = "filter";
    field.placeholder = "Filter projects";
    field.setAttribute("aria-label", "Filter projects");
    const nothing = document.createElement("p");
    nothing.className = "hint";
    nothing.setAttribute("role", "status");
    nothing.setAttribute("aria-live", "polite");
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      let matches = 0;
      for (const project of projects.children) {
        project.hidden = !project.querySelector(".who").textContent.toLowerCase().includes(wanted);
        matches += !project.hidden;
      }
      nothing.textContent = matches ? "" : `No rows match “${field.value.trim()}”.`;
    });
    projects.before(field, nothing);
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
