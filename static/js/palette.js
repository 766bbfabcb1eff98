// The palette: the server answers each letter (htmx asks, and drops the answer to what was typed before); here are its
// keys. The focus stays in the input, which names the chosen option, as a combobox does.
const dialog = document.querySelector('#palette');
const input = dialog?.querySelector('[role=combobox]');
let isWaiting = false; // Enter was pressed before the answer to the last letter was there

const list = () => dialog.querySelector('[role=listbox]');
const options = () => [...dialog.querySelectorAll('a[role=option]')];
const status = dialog?.querySelector('.palette-waiting');
const chosen = () => dialog.querySelector('[aria-selected=true]');
const isCurrent = () => list()?.dataset.query === input.value.trim().replace(/\s+/g, ' ');

export function openPalette() {
  if (!dialog || dialog.open) return false;
  dialog.showModal();
  input.select();
  window.htmx.trigger(input, 'opened');
  return true;
}

function choose(option) {
  chosen()?.setAttribute('aria-selected', 'false');
  option?.setAttribute('aria-selected', 'true');
  option?.scrollIntoView({ block: 'nearest' });
  if (option) input.setAttribute('aria-activedescendant', option.id);
  else input.removeAttribute('aria-activedescendant');
}

function step(by) {
  const all = options();
  choose(all.at((all.indexOf(chosen()) + by) % all.length));
}

function follow(inNewTab) {
  if (!isCurrent()) isWaiting = !inNewTab;
  else if (inNewTab) window.open(chosen()?.href, '_blank', 'noopener');
  else chosen()?.click();
}

input?.addEventListener('keydown', (event) => {
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key in steps) step(steps[event.key]);
  else if (event.key === 'Enter') follow(event.ctrlKey || event.metaKey);
  else return;
  event.preventDefault();
});

dialog?.addEventListener('htmx:after:swap', () => {
  choose(options()[0]);
  showWaiting('Searching…');
  // What came may still be the answer to fewer letters.
  if (isWaiting && isCurrent()) follow(false);
});

// An answer to other letters is dimmed and cannot be chosen; a pause before the word keeps fast answers quiet.
let wordTimer = 0;
function showWaiting(text) {
  clearTimeout(wordTimer);
  const isOld = !isCurrent();
  list()?.toggleAttribute('data-old', isOld);
  list()?.setAttribute('aria-busy', String(isOld));
  status.textContent = '';
  if (isOld) wordTimer = setTimeout(() => (status.textContent = text), 200);
}

input?.addEventListener('input', () => {
  isWaiting = false;
  showWaiting('Searching…');
});

dialog?.addEventListener('htmx:error', () => showWaiting('The search did not answer. Type again.'));

dialog?.addEventListener('pointermove', ({ target }) => {
  const option = target.closest('a[role=option]');
  if (option && option !== chosen()) choose(option);
});

document.addEventListener('click', (event) => {
  const link = event.target.closest('a[data-palette]');
  if (link && !event.ctrlKey && !event.metaKey && openPalette()) event.preventDefault();
});
