// The trade-off explorer. Weights and ranges act at once on what was served (static/js/ranking.js repeats the server's
// formula); every other control asks the server. All of it is in the address, and works as a form without scripts.
import { prepare, rank } from './ranking.js';
import { lineColours, movedBest, withRanges, dimmed } from './tradeoff_figures.js';
import { competingFirst, fillRows, within } from './tradeoff_rows.js';

const SCATTER = 'placement-scatter';
const PARALLEL = 'placement-parallel';

let form = null; // of the explorer; null while another page is shown
const live = () => document.getElementById('live');
const weightsOf = () => [...form.querySelectorAll('[data-weight]')];
const isWeight = (element) => element.matches('[data-weight], [data-weight-slider]');
const isRange = (element) => /^(from|to)_/.test(element.name);

let served; // what the server said: options, objectives
let prepared;
let ranked = [];
let frame = 0;
let question = null; // the address that an answer is on its way to
let marked = ''; // what the scatter marks now
let isShown = false; // whether the last answer is what the page shows
let isSignedOut = false;

function adopt() {
  const data = document.getElementById('placement-data');
  served = data ? JSON.parse(data.textContent) : { options: [], objectives: [] };
  prepared = served.options.length ? prepare(served.options, served.objectives) : null;
  ranked = [];
  marked = `${bestOf(asServed())?.name} ${JSON.stringify(ranges())} ${axes()}`;
  // Until the scatter of this answer is there, no mark stays from the one before.
  if (!served.options.length) change(SCATTER, (figure) => movedBest(figure, null, axes()));
}

/* --- what the controls say --- */

function weights() {
  return Object.fromEntries(weightsOf().map((input) => [input.name.slice(2), Math.max(Number(input.value) || 0, 0)]));
}

function ranges() {
  const found = {};
  for (const { name } of served.objectives) {
    const [low, high] = ['from', 'to'].map((end) => document.querySelector(`[name="${end}_${name}"]`)?.value ?? '');
    if (low !== '' || high !== '') found[name] = [low === '' ? null : Number(low), high === '' ? null : Number(high)];
  }
  return found;
}

const axes = () => ['x', 'y'].map((name) => document.querySelector(`select[name="${name}"]`)?.value);

function query() {
  const found = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value !== '') found.append(name, value);
  return found;
}

function keepAddress() {
  const text = query().toString();
  history.replaceState(history.state, '', `${form.getAttribute('action')}?${text}`);
  for (const [id, name] of [[SCATTER, 'scatter'], [PARALLEL, 'parallel']]) {
    const element = document.getElementById(id);
    if (element) element.dataset.chartUrl = `${form.getAttribute('action')}charts/${name}.json?${text}`;
  }
  for (const link of document.querySelectorAll('#live a[download]')) link.href = `${form.getAttribute('action')}placement.csv?${text}`;
  const signIn = document.querySelector('[data-sign-in]');
  signIn.href = `${signIn.dataset.signIn}?next=${encodeURIComponent(location.pathname + location.search)}`;
}

/* --- at once, from what was served --- */

const change = (id, how) => document.dispatchEvent(new CustomEvent('muster:figure', { detail: { id, change: how } }));

function rerank() {
  if (!prepared || !form) return;
  const chosen = weights();
  if (!Object.values(chosen).some((weight) => weight > 0)) return;
  const known = Object.fromEntries(served.objectives.map(({ name }) => [name, chosen[name] ?? 0]));
  if (!Object.values(known).some((weight) => weight > 0)) return;
  ranked = competingFirst(rank(prepared, known), served.options);
  show();
}

function show() {
  const kept = ranges();
  const order = ranked.length ? ranked : asServed();
  const best = bestOf(order);
  fillRows({ served, ranked: order, ranges: kept, best });
  // The scatter is slow to draw: it changes only where the mark moves or points fade.
  const drawn = `${best?.name} ${JSON.stringify(kept)} ${axes()}`;
  if (drawn === marked) return;
  marked = drawn;
  const inside = new Set(served.options.filter((option) => within(option, kept)).map(({ name }) => name));
  change(SCATTER, (figure) => dimmed(movedBest(figure, best, axes()), Object.keys(kept).length ? inside : null));
}

// An optional improvement is no win, whatever it scores; nor is anything where nothing is scored.
function bestOf(order) {
  const options = new Map(served.options.map((option) => [option.name, option]));
  return order.filter(({ points }) => points > 0).map(({ name }) => options.get(name)).find(({ row }) => !row.step);
}

function asServed() {
  return served.options.map(({ name, row }) => ({ name, rank: row.rank, points: row.points }));
}

function soon() {
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(rerank);
}

/* --- from the server --- */

// One question at a time: what is typed, dragged or picked while its answer is on the way is asked after it.
async function ask() {
  keepAddress();
  if (question !== null) return;
  try {
    do {
      question = location.search;
      await answered();
    } while (live() && location.search !== question);
  } finally {
    question = null;
  }
  if (!live()) return; // the reader went on to another page
  tell();
  if (!isShown) return;
  adopt();
  onlyTwo();
  if (isAhead()) rerank();
  document.dispatchEvent(new CustomEvent('muster:refreshed', { detail: { region: live() } }));
}

function answered() {
  const element = live();
  isShown = isSignedOut = false;
  return window.htmx.ajax('GET', location.pathname + location.search, {
    source: element, target: element, select: '#live', swap: 'outerMorph show:none',
  });
}

/** What was set stays in the controls and in the address, so that the same can be asked again. */
function tell() {
  for (const notice of document.querySelectorAll('[data-unanswered]')) {
    const isIt = !isShown && (notice.dataset.unanswered === 'signed-out') === isSignedOut;
    // The button that asked again goes with its notice.
    if (!isIt && notice.contains(document.activeElement)) form.querySelector('[type="submit"]').focus({ preventScroll: true });
    notice.hidden = !isIt;
  }
}

/** Whoever is signed out is told, and not led away at once: what is half typed would be lost. */
function refused(event) {
  const { ctx } = event.detail;
  if (ctx.sourceElement !== live() || ctx.response.status !== 401) return;
  isSignedOut = true;
  event.preventDefault();
}

/** Whether the controls say what nobody has asked for yet: a slider in the hand, a number half typed. */
const isAhead = () => `?${query()}` !== location.search;

function takeIn(event) {
  const { ctx, tasks } = event.detail;
  if (ctx.sourceElement !== live()) return;
  // An answer to what is no longer asked is not shown; the one to what is asked now follows it.
  if (location.search !== question) event.preventDefault();
  else for (const { fragment } of tasks) asTheyAre(fragment);
}

/** Controls of an answer say what was asked; the reader may be further. */
function asTheyAre(fragment) {
  const now = query();
  for (const control of fragment.querySelectorAll(`[form="${form.id}"][name]`)) {
    const chosen = now.getAll(control.name);
    if (control.matches('select')) {
      for (const option of control.options) option.toggleAttribute('selected', chosen.includes(option.value));
    } else if (control.matches('[type="checkbox"], [type="radio"]')) {
      control.toggleAttribute('checked', chosen.includes(control.value));
    } else {
      control.setAttribute('value', chosen[0] ?? '');
    }
  }
}

/* --- controls --- */

function slide(event) {
  const { target } = event;
  const number = target.dataset.slides && document.getElementById(target.dataset.slides);
  if (number) number.value = target.value;
  const slider = target.id && form.querySelector(`[data-slides="${CSS.escape(target.id)}"]`);
  if (slider && target.value !== '') slider.value = target.value;
  if (isWeight(target)) soon();
}

function changed({ target }) {
  if (target.form !== form && !target.dataset.slides) return;
  if (target.matches('[data-pick]')) return onlyTwo();
  if (target.matches('[data-pane-tab]')) return keepAddress();
  if (target.matches('#explorer-workload')) return (location.search = `?workload=${encodeURIComponent(target.value)}`);
  if (isRange(target)) {
    ranged();
    return change(PARALLEL, (figure) => withRanges(figure, ranges()));
  }
  if (isWeight(target)) change(PARALLEL, (figure) => lineColours(figure, ranked));
  return ask();
}

function ranged() {
  // The server shows no table where nothing is within the ranges, and so there is none to fill.
  if (!document.querySelector('[data-options]')) return ask();
  keepAddress();
  return show();
}

function onlyTwo() {
  const picked = [...document.querySelectorAll('[data-pick]:checked')];
  for (const box of document.querySelectorAll('[data-pick]:not(:checked)')) box.disabled = picked.length >= 2;
}

function brushed({ target, detail }) {
  if (target.id !== PARALLEL) return;
  for (const [name, ends] of Object.entries(detail.ranges)) {
    ['from', 'to'].forEach((end, place) => {
      const input = document.querySelector(`[name="${end}_${name}"]`);
      if (input) input.value = ends ? Number(ends[place].toPrecision(6)) : '';
    });
  }
  ranged();
}

function clicked({ target }) {
  if (target.closest('[data-ask-again]')) return ask();
  if (!target.closest('[data-clear-ranges]')) return;
  for (const input of document.querySelectorAll('[name^="from_"], [name^="to_"]')) input.value = '';
  ranged();
  change(PARALLEL, (figure) => withRanges(figure, {}));
}

function begin() {
  form = document.querySelector('[data-explorer-form]');
  if (!form) return;
  question = null;
  adopt();
  onlyTwo();
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    ask();
  });
}

const LISTENERS = {
  input: slide, change: changed, click: clicked, 'muster:brushed': brushed, 'htmx:after:request': refused, 'htmx:before:swap': takeIn,
  'htmx:after:swap': ({ detail: { ctx } }) => (isShown ||= ctx.sourceElement !== undefined && ctx.sourceElement === live()),
};
for (const [name, listener] of Object.entries(LISTENERS)) document.addEventListener(name, (event) => form && listener(event));
document.addEventListener('muster:page', begin);
begin();
