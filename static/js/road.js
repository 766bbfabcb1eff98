// The road to ready. Ticks stand in the address and act at once on what was served: drawing, figures, chart and table. When
// the reader rests, the server says the same for that address (readiness/boards/road), with all its sentences.
import { buildTable } from './chart_table.js';
import { dayText, monthEnd, monthName, number, plural, power } from './quantities.js';
import { withFixes } from './road_chart.js';
import { draw, nameOf } from './road_picture.js';
import { drawStages } from './road_stages.js';
import { costs, totals, travel, usefulFixes } from './road_sums.js';

const LEAST_WIDTH = 760; // narrower than this, or on a phone, the road is a list
const PHONE = matchMedia('(max-width: 900px)');
const MOST_ROWS = 500;
const DAY_MS = 86_400_000;
const REST_MS = 500; // how long after a tick the server is asked
const FILTERS = ['check', 'owner', 'month', 'state'];

let served = null; // what the server said, and the text it came in
let current = null; // the drawing: {element, items, light}
let drawn = {}; // what is drawn: {data, key}, where the key is of address and width
let stop = ''; // key of the item with the tab stop
let isTable = false;
let timer = 0;
const resizes = new ResizeObserver(() => served && frame() && show());
let confirming = null; // the address that the server is asked to confirm

const address = () => new URLSearchParams(location.search);
const root = () => document.querySelector('[data-road]');
const frame = () => document.querySelector('[data-road-frame]');
const boxes = () => document.querySelectorAll('main input[type="checkbox"][name="fix"]');
const isPlanned = () => address().get('as') === 'plan';

function ticks() {
  const keys = address().getAll('fix').flatMap((value) => value.split(','));
  const useful = usefulFixes(served.data);
  return new Set(keys.filter((key) => useful.has(key)));
}

function adopt() {
  const text = document.getElementById('road-data')?.textContent;
  if (!text || !frame()) {
    served = null; // another page
    current = null;
    return;
  }
  resizes.disconnect();
  resizes.observe(frame());
  if (served?.text !== text) {
    const data = JSON.parse(text);
    served = {
      text, data,
      checks: new Map(data.checks.map(({ id, name }) => [id, name])), owners: new Map(data.owners.map(({ key, name }) => [key, name])),
    };
  }
  update();
}

/* --- words --- */

const amount = (size) => (served.data.measure === 'power' ? power(size) : plural(Math.round(size), 'accelerator', 'accelerators'));
// A block of several that stand together has the keys of all of them.
const isCurrent = (kind, key) => key.split(' ').every((each) => address().getAll(kind).includes(each));

/** The address that filters by a block, and by nothing else of the road; where it does, the one without. */
function hrefOf(kind, key) {
  const parameters = address();
  const isSet = isCurrent(kind, key);
  for (const name of [...FILTERS, 'page']) parameters.delete(name);
  if (!isSet) for (const each of key.split(' ')) parameters.append(kind, each);
  return `${location.pathname}?${parameters}`;
}

const words = {
  amount, hrefOf, isCurrent, day: dayText,
  monthName: (month) => monthName(month, served.data.today),
  monthEnd: (month) => monthEnd(month, served.data.today),
  namesOf: ({ blocker, owner }) => ({ check: served.checks.get(blocker), owner: served.owners.get(owner) }),
  finding: ({ deployed, ready, planned, undated, sites }) => `${amount(deployed)} deployed at ${plural(sites, 'site', 'sites')}: ${amount(ready)} ready now, `
    + `${amount(planned - ready)} with a date, ${amount(undated)} without one.`,
};

/* --- what follows the ticks --- */

function update() {
  const chosen = ticks();
  const trips = travel(served.data, chosen);
  for (const box of boxes()) {
    box.checked = chosen.has(box.value);
    box.closest('tr')?.toggleAttribute('data-selected', box.checked);
  }
  fill(trips, chosen);
  fillViews(chosen);
  show();
  return trips;
}

function setText(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

function fill(trips, chosen) {
  const sums = totals(trips);
  const values = {
    planned: amount(sums.planned), undated: amount(sums.undated), freed: amount(sums.freed), fixes: plural(chosen.size, 'fix', 'fixes'),
    'freed-sites': plural(sums.freedSites, 'site', 'sites'), 'freed-by': sums.freedBy ? dayText(sums.freedBy) : '',
    cost: costOf(chosen), by: dayText(served.data.fixes[0]?.date ?? served.data.today),
  };
  const conditions = { ticked: chosen.size > 0, cost: values.cost !== '', unticked: chosen.size === 0, freed: sums.freedSites > 0, 'freed-by': sums.freedBy !== null };
  const sooner = new Map(trips.filter(({ isSooner }) => isSooner).map(({ site, readyOn }) => [site.slug, dayText(readyOn)]));
  for (const [name, text] of Object.entries(values)) for (const element of document.querySelectorAll(`[data-road-value="${name}"]`)) setText(element, text);
  for (const element of document.querySelectorAll('[data-road-if]')) element.hidden = !conditions[element.dataset.roadIf];
  for (const element of document.querySelectorAll('[data-road-site]')) setText(element, sooner.get(element.dataset.roadSite) ?? '–');
}

/** What the ticked fixes cost, by currency, as far as it is known. */
function costOf(chosen) {
  return [...costs(served.data, chosen)].sort().map(([currency, amount]) => `${number(Math.round(amount))} ${currency}`).join(' and ');
}

function fillViews(chosen) {
  const views = root().querySelector('[data-road-views]');
  views.hidden = chosen.size === 0;
  setText(views.querySelector('[data-road-view="fixes"]'), `With ${plural(chosen.size, 'fix', 'fixes')}`);
  for (const button of views.querySelectorAll('[data-road-view]')) button.setAttribute('aria-pressed', String((button.dataset.roadView === 'plan') === isPlanned()));
  const silent = served.data.sites.filter(({ is_silent: isSilent }) => isSilent).length;
  const note = root().querySelector('[data-road-silent]');
  note.hidden = silent === 0;
  setText(note, `${number(served.data.sites.length - silent)} of ${plural(served.data.sites.length, 'site', 'sites')} report; a dotted edge marks the ${silent === 1 ? 'other' : 'others'}.`);
  root().querySelector('[data-road-table]').setAttribute('aria-pressed', String(isTable));
}

function tick(box) {
  const parameters = address();
  const chosen = ticks();
  if (box.checked) chosen.add(box.value);
  else chosen.delete(box.value);
  for (const name of ['fix', 'as']) parameters.delete(name);
  for (const key of chosen) parameters.append('fix', key);
  settle(parameters);
}

/** Another day on which the ticked fixes are done. */
function move(day) {
  const last = addDays(served.data.today, Number(slider()?.max ?? 0));
  if (!(day >= served.data.today && day <= last)) return; // the form says what is wrong with it
  for (const fix of served.data.fixes) fix.date = day;
  showDay(day);
  const parameters = address();
  parameters.set('done_by', day);
  settle(parameters);
}

const slider = () => document.querySelector('[data-road-by]');
const dayField = () => document.getElementById('road-by');
const addDays = (day, count) => new Date(Date.parse(`${day}T00:00Z`) + count * DAY_MS).toISOString().slice(0, 10);

/** Slider and field have the same day. */
function showDay(day) {
  if (dayField().value !== day) dayField().value = day;
  slider().value = String((Date.parse(`${day}T00:00Z`) - Date.parse(`${served.data.today}T00:00Z`)) / DAY_MS);
  slider().setAttribute('aria-valuetext', dayText(day));
}

/** What is served follows the address at once, the server when the reader rests. */
function settle(parameters) {
  replaceAddress(parameters);
  const trips = update();
  const change = (figure) => withFixes(figure, trips.filter(({ site }) => isSelected(site)), served.data.today);
  document.dispatchEvent(new CustomEvent('muster:figure', { detail: { id: 'road-months', change } }));
  clearTimeout(timer);
  timer = setTimeout(() => served && follow(location.href, 'false'), REST_MS);
}

/** Whether the address filters for this site, as what stands below the drawing is filtered: by how it is planned. */
function isSelected(site) {
  const values = { check: site.blocker ?? '', owner: site.owner ?? '', month: site.state === 'ready' ? '' : (site.month ?? 'none'), state: site.state };
  return FILTERS.every((name) => !address().has(name) || address().getAll(name).includes(values[name]));
}

function replaceAddress(parameters) {
  const text = parameters.toString();
  history.replaceState(history.state, '', location.pathname + (text ? `?${text}` : ''));
}

/** The page as the server has it for an address. */
async function follow(href, push) {
  const main = document.getElementById('main');
  const url = new URL(href, location.href);
  tip.hidden = true;
  confirming = push === 'false' ? url.search : null;
  await window.htmx?.ajax('GET', url.pathname + url.search, { source: main, target: main, select: '#main', swap: 'outerMorph show:none', push });
}

// What was ticked while an answer was on its way is not in it: the next answer has it.
document.addEventListener('htmx:before:swap', (event) => {
  if (event.detail.ctx.sourceElement?.id === 'main' && confirming !== null && confirming !== location.search) event.preventDefault();
});

/** The chart asks for the road of this address: a swap leaves its frame as it is. */
function followChart() {
  const chart = document.getElementById('road-months');
  const url = chart && new URL(chart.dataset.chartUrl, location.href);
  if (!url || url.search === location.search) return;
  chart.dataset.chartUrl = url.pathname + location.search;
  document.dispatchEvent(new CustomEvent('muster:refreshed', { detail: { region: chart.parentElement } }));
}

/* --- the drawing --- */

function tripsInView() {
  const fixed = travel(served.data, ticks());
  if (!isPlanned()) return fixed;
  const ticked = new Set(fixed.filter(({ isTicked }) => isTicked).map(({ site }) => site.slug));
  return travel(served.data, new Set()).map((trip) => ({ ...trip, isTicked: ticked.has(trip.site.slug) }));
}

function show() {
  const place = frame();
  const width = place.clientWidth;
  const isList = PHONE.matches || width < LEAST_WIDTH;
  const key = `${isList} ${width} ${isTable} ${location.search}`;
  if (key === drawn.key && served === drawn.data && place.firstElementChild) return;
  drawn = { key, data: served };
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  current = null;
  place.toggleAttribute('data-all-ready', served.data.sites.every(({ state }) => state === 'ready'));
  if (isTable) place.replaceChildren(table());
  else if (isList) place.replaceChildren(drawStages(served.data, tripsInView(), words));
  else showDrawing(place, width);
  if (focused) itemBy(focused)?.element.focus({ preventScroll: true });
}

function showDrawing(place, width) {
  current = draw(served.data, tripsInView(), width, words);
  current.itemOf = new Map(current.items.map((item) => [item.element, item]));
  place.replaceChildren(current.element);
  arrange();
  light(null);
}

function table() {
  const day = ({ state, readyOn }) => (state === 'ready' ? '9' : (readyOn ?? ''));
  const trips = tripsInView().sort((a, b) => (day(a) < day(b) ? -1 : Number(day(a) > day(b))) || b.site.size - a.site.size);
  const rows = trips.slice(0, MOST_ROWS).map(({ site, state, readyOn }) => {
    const { check = 'Not evaluated', owner = 'No owner' } = words.namesOf(site);
    const name = nameOf(site);
    if (state === 'ready') return [name, amount(site.size), null, null, 'Ready now'];
    return [name, amount(site.size), check, owner, readyOn ? dayText(readyOn) : 'No date'];
  });
  return buildTable({ columns: ['Site', 'Deployed', 'First blocker', 'Owner', 'Ready on'], rows }, { label: 'The road as a table' });
}

/* --- pointing and keys --- */

const tip = Object.assign(document.createElement('div'), { className: 'road-tip', hidden: true });
tip.setAttribute('aria-hidden', 'true');

const itemAt = (target) => {
  const element = target.closest?.('[data-key], .road-ribbon');
  return current?.itemOf.get(element) ?? current?.itemOf.get(element?.closest('[data-key]'));
};
const itemBy = (key) => current?.items.find(({ element }) => element.dataset.key === key);

/** Lights one item; without one, the block that the address filters by. */
function light(item) {
  const selected = item ?? current?.items.find(({ isCurrent: isIt }) => isIt);
  current?.light(selected?.trips ?? null);
}

function showTip(item, x, y) {
  tip.hidden = !item;
  if (!item) return;
  if (!tip.isConnected) document.body.append(tip);
  tip.textContent = item.text;
  tip.style.left = `${Math.max(8, Math.min(x + 14, innerWidth - tip.offsetWidth - 8))}px`;
  tip.style.top = `${y + 16 + tip.offsetHeight > innerHeight ? y - 16 - tip.offsetHeight : y + 16}px`;
}

const links = () => (current?.items ?? []).filter(({ element }) => element.localName === 'a');

function arrange() {
  const all = links();
  const first = itemBy(stop) ?? all[0];
  for (const { element } of all) element.setAttribute('tabindex', element === first?.element ? '0' : '-1');
}

function moveTo(item) {
  if (!item) return;
  stop = item.element.dataset.key;
  arrange();
  item.element.focus();
}

function neighbour(item, key) {
  const all = links();
  const column = all.filter((each) => each.column === item.column).sort((a, b) => a.y - b.y);
  const place = column.indexOf(item);
  if (key === 'ArrowDown' || key === 'ArrowUp') return column[place + (key === 'ArrowDown' ? 1 : -1)];
  if (key === 'Home' || key === 'End') return column.at(key === 'Home' ? 0 : -1);
  const beyond = [...new Set(all.map((each) => each.column))].sort((a, b) => a - b);
  const next = beyond[beyond.indexOf(item.column) + (key === 'ArrowRight' ? 1 : -1)];
  // Along the road: to a block or a site that shares a site with this one.
  const shared = all.filter((each) => each.column === next && each.trips.some(({ site }) => item.trips.some((trip) => trip.site === site)));
  return shared.sort((a, b) => Math.abs(a.y - item.y) - Math.abs(b.y - item.y))[0];
}

document.addEventListener('keydown', (event) => {
  const item = event.target.closest?.('.road-flow') && itemAt(event.target);
  if (!item || !/^(Arrow(Up|Down|Left|Right)|Home|End)$/.test(event.key)) return;
  event.preventDefault();
  moveTo(neighbour(item, event.key));
});

document.addEventListener('pointerover', (event) => {
  const item = event.target.closest?.('.road-flow') && itemAt(event.target);
  if (item) light(item);
  else if (!tip.hidden) light(null);
  showTip(item, event.clientX, event.clientY);
});
document.addEventListener('pointermove', (event) => {
  if (!tip.hidden) showTip(itemAt(event.target), event.clientX, event.clientY);
});
document.addEventListener('focusin', ({ target }) => {
  const item = target.closest?.('.road-flow') && itemAt(target);
  if (!item) return;
  stop = target.dataset.key;
  light(item);
  if (!target.matches(':focus-visible')) return;
  const box = current.element.getBoundingClientRect();
  const label = target.querySelector('rect')?.getBoundingClientRect();
  showTip(item, label?.left ?? box.left + box.width / 3, label?.bottom ?? box.top + item.y);
});
document.addEventListener('focusout', ({ target }) => {
  if (!target.closest?.('.road-flow')) return;
  light(null);
  tip.hidden = true;
});

/* --- what a reader does --- */

function clicked(event) {
  const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
  const link = event.target.closest('.road-block[href], [data-road-link]');
  const view = event.target.closest('[data-road-view]');
  if (link && isPlain && window.htmx) {
    event.preventDefault();
    follow(link.getAttribute('href'), 'true');
  } else if (view) {
    const parameters = address();
    parameters.delete('as');
    if (view.dataset.roadView === 'plan') parameters.set('as', 'plan');
    replaceAddress(parameters);
    update();
  } else if (event.target.closest('[data-road-table]')) {
    isTable = !isTable;
    update();
  }
}

document.addEventListener('click', clicked);
document.addEventListener('change', ({ target }) => {
  if (served && target.matches('main input[type="checkbox"][name="fix"]')) tick(target);
  else if (served && target.id === 'road-by') move(target.value.trim());
});
document.addEventListener('input', ({ target }) => {
  if (served && target.matches('[data-road-by]')) move(addDays(served.data.today, Number(target.value)));
});
document.addEventListener('muster:page', () => (isTable = false));
document.addEventListener('htmx:after:swap', () => {
  adopt();
  if (served) followChart();
});

// Texts are measured to fit: once more with the font that they are drawn in.
document.fonts?.ready.then(() => {
  drawn = {};
  if (served && frame()) show();
});
adopt();
