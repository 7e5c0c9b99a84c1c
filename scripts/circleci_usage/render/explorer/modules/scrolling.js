/**
 * What is wider than its place says so, and only then is it a stop of the Tab key.
 */
export function watchScrolling() {
  const regions = [...document.querySelectorAll(".scroll")];
  const watch = new ResizeObserver(() => requestAnimationFrame(() => regions.forEach(tell)));
  for (const region of regions) {
    watch.observe(region);
    for (const inside of region.children) watch.observe(inside);
  }
}

/** @param {Element} region */
function tell(region) {
  const isWide = region.scrollWidth > region.clientWidth;
  region.classList.toggle("scrolls", isWide);
  if (isWide) region.setAttribute("tabindex", "0");
  else region.removeAttribute("tabindex");
}
