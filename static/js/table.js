// Tables: ticking rows, quick search while typing, filters and columns that apply at once. The forms work without.

const PAUSE_MS = 100; // with the answer and its painting, a search takes at most 250 ms
const timers = new WeakMap();

function showSelection(form) {
  const boxes = [...form.querySelectorAll('[data-select]')];
  const picked = boxes.filter((box) => box.checked);
  for (const box of boxes) box.closest('tr').toggleAttribute('data-selected', box.checked);
  const all = form.querySelector('[data-select-all]');
  if (all) {
    all.checked = picked.length > 0 && picked.length === boxes.length;
    all.indeterminate = picked.length > 0 && picked.length < boxes.length;
  }
  const bar = form.querySelector('[data-selection]');
  if (bar) {
    bar.hidden = picked.length === 0;
    bar.querySelector('[data-selected-count]').textContent = picked.length;
  }
}

function pickAll(form, checked) {
  for (const box of form.querySelectorAll('[data-select]')) box.checked = checked;
  showSelection(form);
}

document.addEventListener('change', (event) => {
  const { target } = event;
  if (target.matches('[data-select-all]')) pickAll(target.closest('form'), target.checked);
  else if (target.matches('[data-select]')) showSelection(target.closest('form'));
  else target.closest('form[data-submit-on-change]')?.requestSubmit();
});

document.addEventListener('click', (event) => {
  if (event.target.closest('[data-select-none]')) pickAll(event.target.closest('form'), false);
});

// Esc in the bar of actions leaves the rows as they were and goes back to them.
document.addEventListener('keydown', (event) => {
  const form = event.key === 'Escape' && event.target.closest?.('[data-selection]')?.closest('form');
  if (!form) return;
  const row = form.querySelector('[data-selected]');
  pickAll(form, false);
  row?.querySelector(':scope > :not(.pick) a[href]')?.focus();
});

document.addEventListener('input', (event) => {
  const form = event.target.closest('form[data-submit-on-input]');
  if (!form) return;
  clearTimeout(timers.get(form));
  timers.set(form, setTimeout(() => form.isConnected && form.requestSubmit(), PAUSE_MS));
});

// A form in a region that is refreshed has no token, so that the region is the same until its rows change.
document.addEventListener('formdata', (event) => {
  if (!event.target.matches('[data-token]')) return;
  const headers = JSON.parse(document.body.getAttribute('hx-headers:inherited') ?? '{}');
  event.formData.set('csrfmiddlewaretoken', headers['X-CSRFToken'] ?? '');
});

// Fields left empty would only lengthen the address.
document.addEventListener('formdata', ({ target, formData }) => {
  if (!target.matches('[data-only-filled]')) return;
  for (const name of new Set(formData.keys())) {
    const values = formData.getAll(name).filter((value) => value !== '');
    formData.delete(name);
    for (const value of values) formData.append(name, value);
  }
});

document.addEventListener('htmx:config:request', (event) => {
  const { ctx } = event.detail;
  if (!ctx.sourceElement.closest('[data-table]') || ctx.request.method.toUpperCase() !== 'GET') return;
  for (const [name, value] of [...ctx.request.body]) if (value === '') ctx.request.body.delete(name);
});

document.addEventListener('htmx:after:swap', () => {
  for (const form of document.querySelectorAll('[data-table-form]')) showSelection(form);
});
