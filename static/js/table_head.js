// The head of a long table follows the page that scrolls under it. It cannot be sticky, since a table that scrolls
// sideways scrolls by itself: the style sheet moves it along the way that is measured here.

const heights = new ResizeObserver((entries) => {
  for (const table of new Set(entries.map(({ target }) => target.closest('table')))) measure(table);
});
const seen = new WeakSet();

function measure(table) {
  const head = table.tHead.offsetHeight;
  const { style } = table.parentElement;
  style.setProperty('--head-height', `${head}px`);
  style.setProperty('--head-way', `${Math.max(0, table.offsetHeight - head)}px`);
  table.parentElement.dataset.headWay = '';
}

function adopt() {
  for (const table of document.querySelectorAll('.table-scroll > .table')) {
    if (!table.tHead || seen.has(table)) continue;
    seen.add(table);
    heights.observe(table);
    heights.observe(table.tHead);
  }
}

document.addEventListener('htmx:after:swap', adopt);
adopt();
