// The one file that talks to Plotly. Charts are [data-chart-url] elements; plotly.js itself (the largest file of the
// site) is fetched once, after the first paint, when the first of them nears the viewport.
import { describe } from './chart_card.js';
import { markEvents, readEvents } from './chart_events.js';
import { tellPoint } from './chart_point.js';
import { buildTable, figureTable } from './chart_table.js';
import { dress } from './chart_theme.js';
import { wallDate } from './zone.js';
import { attachZoom, zoomParameters } from './zoom.js';

const AHEAD = '200px'; // how near to the viewport a chart is before it is drawn
const SLOW_MS = 300; // a refresh quicker than this shows no bar
const CONFIG = { responsive: true, displayModeBar: false, doubleClick: false, scrollZoom: false, showTips: false };

const charts = new Map(); // element -> {figure, etag, address, request, shown}
let plotly;
let held = null; // the chart that the pointer has hold of, and who waits for it to let go

function loadPlotly() {
  plotly ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = document.body.dataset.plotly;
    script.dataset.warm = ''; // it knows no page
    script.onload = () => {
      // Off, because its menu offers to send a chart's data to a web service.
      window.Plotly.setPlotConfig({ showSendToCloud: false, displaylogo: false });
      // A task of its own for the drawing: with the reading of plotly.js it would hold up the page for too long.
      setTimeout(() => resolve(window.Plotly));
    };
    script.onerror = () => {
      plotly = undefined; // a later Retry asks again
      reject(new Error('plotly.js could not be loaded'));
    };
    document.head.append(script);
  });
  return plotly;
}

const frameOf = (element) => element.closest('[data-plot-frame]') ?? element.parentElement;
const isZoomable = (element) => 'chartZoom' in element.dataset;

function addressOf(element, range) {
  const url = new URL(element.dataset.chartUrl, location.href);
  for (const [name, value] of Object.entries(zoomParameters(element, range))) url.searchParams.set(name, value);
  return url.pathname + url.search;
}

class ChartError extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

async function fetchFigure(address, { signal, etag }) {
  const headers = { Accept: 'application/json', ...(etag ? { 'If-None-Match': etag } : {}) };
  const response = await fetch(address, { signal, headers, credentials: 'same-origin' });
  if (response.status === 304) return null;
  if (response.redirected || response.status === 401) location.reload(); // signed out: the page itself leads to the login and back
  const isJson = response.headers.get('Content-Type')?.includes('json');
  if (!response.ok) throw new ChartError(response.status, isJson ? ((await response.json()).detail ?? '') : '');
  if (!isJson) throw new ChartError(response.status, '');
  return { figure: await response.json(), etag: response.headers.get('ETag') };
}

function setLoading(element, chart, loading) {
  const frame = frameOf(element);
  element.toggleAttribute('aria-busy', loading);
  if (loading) element.setAttribute('aria-busy', 'true');
  clearTimeout(chart.slow);
  if (!loading) delete frame.dataset.loading;
  else if (!chart.figure) frame.dataset.loading = 'first';
  else chart.slow = setTimeout(() => (frame.dataset.loading = 'more'), SLOW_MS);
}

export function iconElement(name, size = '') {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('class', `icon ${size}`);
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `${document.body.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}

function clearNotice(element) {
  frameOf(element).querySelector('[data-chart-notice]')?.remove();
}

function showNotice(element, { icon, title, text, retry }) {
  clearNotice(element);
  const notice = Object.assign(document.createElement('div'), { className: 'empty' });
  notice.dataset.chartNotice = '';
  notice.append(iconElement(icon), Object.assign(document.createElement('b'), { textContent: title }));
  if (text) notice.append(Object.assign(document.createElement('p'), { textContent: text }));
  if (retry) {
    notice.setAttribute('role', 'alert');
    const button = Object.assign(document.createElement('button'), { type: 'button', className: 'button' });
    button.append(iconElement('refresh', 'small'), element.dataset.textRetry);
    button.addEventListener('click', () => load(element));
    notice.append(button);
  }
  frameOf(element).append(notice);
}

function showFailure(element, error) {
  if (error.status === 403) showNotice(element, { icon: 'lock', title: element.dataset.textForbidden, text: error.message });
  else showNotice(element, { icon: 'alert-triangle', title: element.dataset.textFailed, text: error.message, retry: true });
}

function hasPoints(figure) {
  return figure.data.some((trace) => (trace.x ?? trace.r ?? trace.dimensions ?? trace.z ?? trace.link?.value ?? []).length > 0);
}

function paint(element, chart) {
  const width = element.clientWidth;
  const mark = (layout) => markEvents(layout, chart.events, width);
  const { data, layout } = dress(chart.figure, { width, zoomable: isZoomable(element), mark });
  for (const [name, axis] of Object.entries(layout)) {
    if (chart.range && name.startsWith('xaxis') && axis.type === 'date') {
      Object.assign(axis, { range: [wallDate(chart.range.start), wallDate(chart.range.end)], autorange: false });
    }
  }
  // Plotly keeps what the reader did (hidden series, ranges) for as long as the revision stays the same.
  const uirevision = chart.range ? `${chart.range.start} ${chart.range.end}` : 'page';
  window.Plotly.react(element, data, { ...layout, uirevision }, CONFIG);
  return data;
}

function draw(element, chart) {
  const data = paint(element, chart);
  if (isZoomable(element) && !chart.zoom) {
    chart.zoom = attachZoom(element, {
      onRelayout: (listener) => element.on('plotly_relayout', listener),
      onDoubleClick: (listener) => element.on('plotly_doubleclick', listener),
    });
  }
  if (data[0]?.meta?.opens && !chart.opens) {
    chart.opens = true;
    element.on('plotly_click', ({ points: [{ customdata }] }) => customdata && location.assign(customdata));
  }
  if (!data[0]?.meta?.opens && !chart.points) {
    chart.points = true;
    element.on('plotly_click', ({ points: [{ curveNumber, pointNumber }] }) => tellPoint(element, chart.figure, curveNumber, pointNumber));
  }
  if (data[0]?.type === 'parcoords' && !chart.brushes) {
    chart.brushes = true;
    element.on('plotly_restyle', () => tellBrushed(element));
  }
  element.dataset.drawn = String(Number(element.dataset.drawn ?? 0) + 1);
}

/** Ranges kept on the axes of parallel coordinates, by the names that `meta.objectives` gives them; null where all is kept. */
function tellBrushed(element) {
  const [{ dimensions, meta }] = element.data;
  const ends = ({ constraintrange: kept }) => (Array.isArray(kept?.[0]) ? kept[0] : kept) ?? null;
  const ranges = Object.fromEntries(dimensions.map((dimension, place) => [meta?.objectives?.[place] ?? dimension.label, ends(dimension)]));
  element.dispatchEvent(new CustomEvent('muster:brushed', { bubbles: true, detail: { ranges } }));
}

function show(element, chart) {
  clearNotice(element);
  if (chart.table) return showTable(element, chart);
  if (chart.figure.meta?.empty || !hasPoints(chart.figure)) {
    return showNotice(element, { icon: 'info-circle', title: chart.figure.meta?.empty ?? element.dataset.textEmpty });
  }
  return draw(element, chart);
}

function showTable(element, chart) {
  const table = figureTable(chart.figure, { timeLabel: element.dataset.textTime });
  const built = buildTable(table, { label: element.dataset.textTable });
  chart.table.replaceWith(built);
  chart.table = built;
}

/** A drawing that is dragged stays under the pointer; what the drag means is told just after the pointer lets go. */
function letGo(element) {
  return held?.element === element ? new Promise((resolve) => held.waiting.push(resolve)) : undefined;
}

function release() {
  for (const resolve of held?.waiting ?? []) setTimeout(resolve);
  held = null;
}

/** Events are marked once they are there: the drawing does not wait for them. */
async function loadEvents(element, chart, { signal }) {
  const events = await readEvents(element, chart.figure, chart.range, signal);
  if (events) await letGo(element);
  if (!events || signal !== chart.request?.signal || JSON.stringify(events) === JSON.stringify(chart.events ?? [])) return;
  chart.events = events;
  if (!chart.table && 'drawn' in element.dataset && !chart.figure.meta?.empty) paint(element, chart);
}

async function load(element) {
  const chart = charts.get(element);
  const { chartUrl } = element.dataset;
  const address = addressOf(element, chart.range);
  chart.request?.abort();
  const request = new AbortController();
  chart.request = request;
  setLoading(element, chart, true);
  try {
    const known = address === chart.address ? chart.etag : undefined;
    const [answer] = await Promise.all([fetchFigure(address, { signal: request.signal, etag: known }), loadPlotly()]);
    await letGo(element);
    if (chart.request !== request) return;
    // What was dragged meanwhile is in the address: this figure does not have it.
    if (element.dataset.chartUrl !== chartUrl) return void load(element);
    if (answer) {
      Object.assign(chart, { figure: answer.figure, etag: answer.etag, address });
      describe(element, answer.figure, chart.range);
      show(element, chart);
    } else {
      clearNotice(element);
    }
    loadEvents(element, chart, request);
  } catch (error) {
    if (error.name !== 'AbortError') showFailure(element, error);
  } finally {
    if (chart.request === request) setLoading(element, chart, false);
  }
}

const nearing = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    nearing.unobserve(target);
    charts.get(target).near = true;
    (window.requestIdleCallback ?? setTimeout)(() => load(target), { timeout: 300 });
  }
}, { rootMargin: AHEAD });

function adopt() {
  for (const element of charts.keys()) {
    if (element.isConnected) continue;
    window.Plotly?.purge(element); // it would go on listening to the window
    charts.delete(element);
  }
  for (const element of document.querySelectorAll('[data-chart-url]')) {
    if (charts.has(element)) continue;
    charts.set(element, { range: null });
    nearing.observe(element);
  }
}

/** Draws the charts that are not drawn yet, also those that were never near the viewport. */
export function drawAll() {
  return Promise.all([...charts].filter(([, chart]) => !chart.figure).map(([element, chart]) => {
    nearing.unobserve(element);
    chart.near = true;
    return load(element);
  }));
}

/** In the colours that the page has now. */
export function redraw() {
  for (const [element, chart] of charts) if (chart.figure && !chart.table) show(element, chart);
}

function loadWhere(test) {
  for (const [element, chart] of charts) if (chart.near && test(element)) load(element);
}

function toggleTable(button) {
  const element = document.getElementById(button.dataset.chartTable);
  const chart = charts.get(element);
  if (!chart?.figure) return;
  const asTable = !chart.table;
  button.setAttribute('aria-pressed', String(asTable));
  element.hidden = asTable;
  if (asTable) {
    chart.table = document.createElement('div');
    element.after(chart.table);
    showTable(element, chart);
  } else {
    chart.table.remove();
    delete chart.table;
    show(element, chart);
  }
}

function switchView(link) {
  const element = document.getElementById(link.dataset.chartSwitch);
  for (const other of link.parentElement.querySelectorAll('[data-chart-switch]')) other.removeAttribute('aria-current');
  link.setAttribute('aria-current', 'true');
  element.dataset.chartUrl = link.dataset.url;
  history.replaceState(history.state, '', link.href);
  load(element);
}

document.addEventListener('click', (event) => {
  const tableButton = event.target.closest('[data-chart-table]');
  const viewLink = event.target.closest('[data-chart-switch]');
  if (tableButton) toggleTable(tableButton);
  else if (viewLink && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    switchView(viewLink);
  }
});

document.addEventListener('pointerdown', ({ target, button }) => {
  release();
  // The button of a menu drags nothing, and where the menu opens at once nobody hears it let go.
  const element = button === 0 && target.closest('[data-chart-url]');
  if (element) held = { element, waiting: [] };
});
for (const name of ['pointerup', 'pointercancel']) document.addEventListener(name, release);
document.addEventListener('muster:theme', redraw);
document.addEventListener('muster:range', ({ detail }) => {
  for (const [element, chart] of charts) if (isZoomable(element)) chart.range = detail;
  loadWhere(isZoomable);
});
document.addEventListener('muster:refreshed', ({ detail }) => {
  adopt();
  loadWhere((element) => detail.region.contains(element));
});
// A page changes a figure that it has: `detail.change` makes another of it, and nothing is fetched.
document.addEventListener('muster:figure', ({ detail }) => {
  const element = document.getElementById(detail.id);
  const chart = charts.get(element);
  if (!chart?.figure || chart.figure.meta?.empty) return;
  chart.figure = detail.change(chart.figure);
  show(element, chart);
});
document.addEventListener('htmx:after:swap', adopt);
adopt();
