// A matrix: one tab stop and arrow keys among its cells, n to the next one that needs attention (data-next), a tip that
// says a cell, and a panel about one beside it. Of several matrices only the one in view counts.
// Without scripts every cell is a button of a form that asks for the page with the evidence.

const NARROW = matchMedia('(max-width: 1249px)');
const PAGE_ROWS = 10;
const TIP_OFFSET = 12;

const grid = () => [...document.querySelectorAll('[data-matrix]')].find((each) => each.checkVisibility());
const panel = () => document.querySelector('[data-evidence]');
const cells = () => [...(grid()?.querySelectorAll('td > button') ?? [])];
const rowsOf = () => [...grid().querySelectorAll('tbody tr:not(.group)')];
let current = ''; // the cell with the tab stop, by its value
let column = 0; // the column that the arrows up and down follow, through cells that stand across several
let isClosing = false;

/** The cell of this value, or the one that stands for it and others. */
const cellOf = (value) => cells().find((cell) => cell.value === value || cell.dataset.others?.split(' ').includes(value));

/* --- keyboard --- */

function arrange() {
  if (!grid()) return;
  const every = cells();
  const stop = (current && cellOf(current)) || every.find((cell) => cell.hasAttribute('aria-current')) || every[0];
  for (const cell of every) cell.tabIndex = cell === stop ? 0 : -1;
  current = stop?.value ?? '';
}

function moveTo(cell) {
  if (!cell) return;
  for (const old of grid().querySelectorAll('td > button[tabindex="0"]')) old.tabIndex = -1;
  cell.tabIndex = 0;
  current = cell.value;
  cell.focus();
}

// Columns are counted from the end of a row: a head may stand beside several rows, and a cell across several columns.
const endOf = (cell) => [...cell.parentElement.cells].slice(cell.cellIndex + 1).reduce((total, each) => total + each.colSpan, 1);

function cellAt(row, place) {
  let end = 0;
  return place > 0 ? [...(row?.cells ?? [])].reverse().find((cell) => (end += cell.colSpan) >= place) : undefined;
}

const buttonAt = (row, place) => cellAt(row, place)?.querySelector('button');

// The next cell that has a result, in this direction; past the edge there is none.
function along(row, place, down, right) {
  const rows = rowsOf();
  for (let r = rows.indexOf(row) + down, c = place - right; cellAt(rows[r], c); r += down, c -= right) {
    if (buttonAt(rows[r], c)) return buttonAt(rows[r], c);
  }
  return undefined;
}

// The next cell that needs attention after the one with the tab stop, from the first again after the last.
function toNext() {
  const every = cells();
  const place = every.findIndex((cell) => cell.value === current);
  const first = place + (panel()?.open || every[place] === document.activeElement);
  moveTo([...every.slice(first), ...every.slice(0, first)].find((cell) => cell.closest('[data-next]')));
}

function target(event) {
  const cell = event.target.closest('td');
  const row = cell.parentElement;
  const last = endOf(cell);
  const first = last + cell.colSpan - 1;
  if (column < last || column > first || !/^(Arrow(Up|Down)|Page(Up|Down))$/.test(event.key)) column = first;
  const rows = rowsOf();
  const inRow = [...row.querySelectorAll('td > button')];
  const inColumn = rows.map((each) => buttonAt(each, column)).filter(Boolean);
  const place = inColumn.indexOf(event.target);
  const far = event.ctrlKey || event.metaKey;
  switch (event.key) {
    case 'ArrowRight': return along(row, last, 0, 1);
    case 'ArrowLeft': return along(row, first, 0, -1);
    case 'ArrowDown': return along(row, column, 1, 0);
    case 'ArrowUp': return along(row, column, -1, 0);
    case 'Home': return far ? cells().at(0) : inRow.at(0);
    case 'End': return far ? cells().at(-1) : inRow.at(-1);
    case 'PageDown': return inColumn[Math.min(place + PAGE_ROWS, inColumn.length - 1)];
    case 'PageUp': return inColumn[Math.max(place - PAGE_ROWS, 0)];
    default: return null;
  }
}

// Shortcuts rest while a dialog is open; this one goes on between the cells and the panel beside them.
const isNext = (at) => panel()?.open && !panel().matches(':modal') && document.body.dataset.shortcuts !== 'off'
  && document.querySelector('[data-next-cell]') && at.closest?.('[data-matrix], [data-evidence]');

document.addEventListener('keydown', (event) => {
  if (event.key === 'n' && isNext(event.target)) {
    toNext();
  } else if (event.target.matches?.('[data-matrix] td > button')) {
    const found = target(event);
    if (found === null) return;
    event.preventDefault();
    moveTo(found);
  } else if (event.key === 'Escape' && panel()?.open && panel().contains(event.target)) {
    event.preventDefault();
    closePanel();
  }
});

/* --- evidence --- */

function show({ focus }) {
  const dialog = panel();
  if (!dialog) return;
  const filled = dialog.querySelector('h2') != null;
  // The server sends it open, for those without scripts; only a script can make it a dialog of the whole screen.
  const wanted = filled && NARROW.matches ? 'modal' : filled ? 'beside' : '';
  const is = dialog.matches(':modal') ? 'modal' : dialog.open ? 'beside' : '';
  if (is !== wanted) {
    if (dialog.open) dialog.close();
    if (wanted === 'modal') dialog.showModal();
    else if (wanted) dialog.setAttribute('open', '');
  }
  if (filled) dialog.setAttribute('aria-labelledby', 'h-evidence');
  if (filled && focus) dialog.querySelector('h2').focus();
}

function mark(value) {
  for (const cell of grid()?.querySelectorAll('button[aria-current]') ?? []) cell.removeAttribute('aria-current');
  const chosen = value && cellOf(value);
  if (chosen) chosen.setAttribute('aria-current', 'true');
}

async function fetchPanel(url, { focus }) {
  await window.htmx.ajax('GET', url.pathname + url.search, {
    source: panel(), target: panel(), select: '#evidence', swap: 'outerMorph show:none', push: 'true',
  });
  show({ focus });
}

function openCell(cell, { focus }) {
  const url = new URL(location.href);
  url.hash = '';
  url.searchParams.set('cell', cell.value);
  mark(cell.value);
  moveTo(cell);
  fetchPanel(url, { focus });
}

async function closePanel() {
  if (isClosing) return;
  isClosing = true;
  const url = new URL(location.href);
  const value = url.searchParams.get('cell');
  url.searchParams.delete('cell');
  panel().close();
  mark('');
  moveTo(cellOf(value));
  await fetchPanel(url, { focus: false });
  isClosing = false;
}

document.addEventListener('click', (event) => {
  const cell = event.target.closest('[data-matrix] td > button');
  if (cell && window.htmx) {
    event.preventDefault();
    // A click without a pointer comes from Enter or Space: whoever uses keys goes on in the panel.
    openCell(cell, { focus: event.detail === 0 });
  } else if (event.target.closest('[data-evidence-close]') && window.htmx) {
    event.preventDefault();
    closePanel();
  } else if (event.target.closest('[data-next-cell]')) {
    toNext();
  }
});

// Escape on a dialog of the whole screen, or a click beside it. The event comes late: it may be open again by then.
document.addEventListener('close', (event) => {
  if (event.target === panel() && !panel().open && new URL(location.href).searchParams.has('cell')) closePanel();
}, true);

/* --- what a cell says, for pointers --- */

const tip = Object.assign(document.createElement('div'), { className: 'matrix-tip', hidden: true });
tip.setAttribute('aria-hidden', 'true');

document.addEventListener('pointerover', (event) => {
  const cell = event.target.closest?.('[data-matrix] td > button');
  tip.hidden = !cell;
  if (!cell) return;
  if (!tip.isConnected) document.body.append(tip);
  tip.textContent = cell.getAttribute('aria-label');
  const box = cell.getBoundingClientRect();
  tip.style.top = `${box.bottom + TIP_OFFSET + tip.offsetHeight > innerHeight ? box.top - TIP_OFFSET - tip.offsetHeight : box.bottom + TIP_OFFSET}px`;
  tip.style.left = `${Math.max(8, Math.min(box.left, innerWidth - tip.offsetWidth - 8))}px`;
});

/* --- after anything arrived --- */

document.addEventListener('htmx:after:swap', () => {
  arrange();
  show({ focus: false });
});
NARROW.addEventListener('change', () => show({ focus: false }));
arrange();
show({ focus: false });
