// Rows by keyboard: j and k go through them, Enter follows the link that has the focus, x ticks the row, Shift-x all
// rows from the last ticked one to this one, b goes to the actions on the ticked rows.
// The focus is on the row's own link, so that what is announced is its name, and Enter is the browser's.

const ROWS = '#main .table tbody tr';
const LINKS = ':scope > :not(.pick) :is(a[href], button, summary):not(.row-menu, .row-actions *)';
const STEPS = { j: 1, k: -1 };
let lastTicked = null;

function focusRow(row) {
  const link = row.querySelector(LINKS);
  if (!link) row.tabIndex = -1;
  (link ?? row).focus();
  row.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

// A list names the keys that act on its rows in data-row-keys; the row's page does it, told by `do` in the address.
export function actOnFocusedRow(key) {
  const row = document.activeElement.closest('tr');
  const link = row?.closest('[data-row-keys~="' + CSS.escape(key) + '"]') && row.querySelector(LINKS);
  if (!link?.href || link.getAttribute('aria-current')) return false;
  const address = new URL(link.href);
  address.searchParams.set('do', key);
  window.location.assign(address);
  return true;
}

function tick(row) {
  row.querySelector('[data-select]')?.click();
  lastTicked = row;
}

function tickUpTo(row, rows) {
  const [first, last] = [rows.indexOf(lastTicked ?? row), rows.indexOf(row)].sort((a, b) => a - b);
  for (const each of rows.slice(Math.max(first, 0), last + 1)) {
    const box = each.querySelector('[data-select]');
    if (box && !box.checked) box.click();
  }
  lastTicked = row;
}

function focusActions() {
  const action = document.querySelector('[data-selection]:not([hidden]) button');
  action?.focus();
  return action != null;
}

export function actOnRows(key) {
  const rows = [...document.querySelectorAll(ROWS)].filter((row) => row.checkVisibility());
  const here = rows.indexOf(document.activeElement.closest('tr'));
  if (key === 'b') return focusActions();
  if (key.toLowerCase() === 'x' && here >= 0) {
    if (key === 'x') tick(rows[here]);
    else tickUpTo(rows[here], rows);
    return true;
  }
  if (!(key in STEPS) || rows.length === 0) return false;
  focusRow(rows[here < 0 ? 0 : Math.min(Math.max(here + STEPS[key], 0), rows.length - 1)]);
  return true;
}
