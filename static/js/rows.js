// Rows by keyboard: j and k go through them, Enter follows the link that has the focus, x ticks the row.
// The focus is on the row's own link, so that what is announced is its name, and Enter is the browser's.

const ROWS = '#main .table tbody tr';
const LINKS = ':scope > :not(.pick, .row-menu) :is(a[href], button, summary)';
const STEPS = { j: 1, k: -1 };

function focusRow(row) {
  const link = row.querySelector(LINKS);
  if (!link) row.tabIndex = -1;
  (link ?? row).focus();
  row.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

export function actOnRows(key) {
  const rows = [...document.querySelectorAll(ROWS)].filter((row) => row.checkVisibility());
  const here = rows.indexOf(document.activeElement.closest('tr'));
  if (key === 'x' && here >= 0) {
    rows[here].querySelector('[data-select]')?.click();
    return true;
  }
  if (!(key in STEPS) || rows.length === 0) return false;
  focusRow(rows[here < 0 ? 0 : Math.min(Math.max(here + STEPS[key], 0), rows.length - 1)]);
  return true;
}
