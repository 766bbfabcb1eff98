// Drag over a time series to zoom: every zoomable chart of the page asks the server for that range again, with as
// many points as it is wide, so that a closer look shows more detail. The range is part of the address.
import { fromWall, wallMs } from './zone.js';

const PAUSE_MS = 150;
let timer = 0;
let current = null; // {start, end} in ms, or null for the page's own range
let asLoaded = new URL(location.href);
let shown = asLoaded; // what the charts show, however the page came to it

/** What a chart's address gets for a range; without one only the number of points. */
export function zoomParameters(element, range) {
  if (!('chartZoom' in element.dataset)) return {};
  const points = { points: Math.max(100, Math.round(element.clientWidth)) };
  return range ? { start: range.start, end: range.end, ...points } : points;
}

function announce(range) {
  current = range;
  document.dispatchEvent(new CustomEvent('muster:range', { detail: range }));
}

function keepInAddress(range) {
  const url = new URL(location.href);
  for (const name of ['start', 'end']) {
    const value = range ? String(range[name]) : asLoaded.searchParams.get(name);
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  history.pushState({ muster: 'range' }, '', url);
  shown = url;
}

function zoomTo(range) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    keepInAddress(range);
    announce(range);
  }, PAUSE_MS);
}

function rangeOf(change) {
  const axis = Object.keys(change).map((key) => key.match(/^(xaxis\d*)\.range/)?.[1]).find(Boolean);
  if (!axis) return null;
  const [from, to] = change[`${axis}.range`] ?? [change[`${axis}.range[0]`], change[`${axis}.range[1]`]];
  return { start: Math.round(fromWall(wallMs(from))), end: Math.round(fromWall(wallMs(to))) };
}

const rangeOfAddress = ({ searchParams }) => ['start', 'end'].map((name) => searchParams.get(name));

function withoutRange({ href }) {
  const url = new URL(href);
  for (const name of ['start', 'end']) url.searchParams.delete(name);
  return url.href;
}

/** Whether this address asks for what is shown over another range of a drag, or over the page's own again. */
export function isRangeAlone(address) {
  const url = new URL(address);
  const range = rangeOfAddress(url);
  const isDragged = range.every((end) => /^\d+$/.test(end ?? ''));
  const isOwn = String(range) === String(rangeOfAddress(asLoaded));
  return (isDragged || isOwn) && url.href !== shown.href && withoutRange(url) === withoutRange(shown)
    && document.querySelector('[data-chart-zoom]') !== null;
}

export function attachZoom(element, { onRelayout, onDoubleClick }) {
  onRelayout((change) => {
    const range = rangeOf(change ?? {});
    if (range && range.end > range.start) zoomTo(range);
  });
  onDoubleClick(() => {
    if (current) zoomTo(null);
  });
  return true;
}

// Back and forward through the ranges looked at; other addresses are for static/js/warm.js, or for htmx without it.
addEventListener('popstate', () => {
  if (!isRangeAlone(location.href) || (history.state?.htmx && !window.navigation)) return;
  shown = new URL(location.href);
  const [start, end] = rangeOfAddress(shown);
  const isOwn = String([start, end]) === String(rangeOfAddress(asLoaded));
  announce(isOwn || !start ? null : { start: Number(start), end: Number(end) });
});
document.addEventListener('muster:page', () => {
  asLoaded = shown = new URL(location.href);
  current = null;
});
