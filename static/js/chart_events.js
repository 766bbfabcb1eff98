// Events over a chart of time: numbered marks in the picture, and the same numbers with their words below it.
import { shortWallText, wallText } from './zone.js';

const NEAR_PX = 20; // numbers closer than this stand above each other
const STEP_PX = 19;
const LEVELS = 6; // as many as there are marks at most
const LEAST_PX = 3;

const listOf = (element) => document.querySelector(`[data-chart-events="${CSS.escape(element.id)}"]`);

/** From when to when a figure draws, in ms; null where it draws no time. */
function extentOf({ data, layout, meta }, range) {
  if (meta?.empty || layout?.xaxis?.type !== 'date') return null;
  if (range) return [range.start, range.end];
  const ends = layout.xaxis.range ?? data.flatMap(({ x }) => (Array.isArray(x) ? [x[0], x.at(-1)] : []));
  const instants = ends.filter(Number.isFinite);
  return instants.length ? [Math.min(...instants), Math.max(...instants)] : null;
}

function entry({ number, start, end, text, url }) {
  const item = document.createElement('li');
  const words = Object.assign(document.createElement(url ? 'a' : 'span'), { textContent: text, title: text, className: 'what' });
  if (url) words.href = url;
  const time = Object.assign(document.createElement('time'), {
    dateTime: new Date(start).toISOString(),
    textContent: shortWallText(start),
    title: end ? `${wallText(start)} – ${wallText(end)}` : wallText(start),
  });
  item.append(Object.assign(document.createElement('span'), { className: 'number', textContent: number }), time, words);
  return item;
}

function showList(place, events, note) {
  if (!events.length) return place.replaceChildren(place.dataset.textNone);
  const list = document.createElement('ol');
  list.append(...events.map(entry));
  place.replaceChildren(list);
  if (note) place.append(Object.assign(document.createElement('span'), { className: 'sub', textContent: note }));
}

/** The events of the time that a figure draws, which stand below it then; null where its card has no place for them. */
export async function readEvents(element, figure, range, signal) {
  const place = listOf(element);
  if (!place) return null;
  const extent = extentOf(figure, range);
  if (!extent) {
    place.replaceChildren();
    return [];
  }
  const url = new URL(place.dataset.url, location.href);
  url.searchParams.set('start', Math.floor(extent[0]));
  url.searchParams.set('end', Math.ceil(extent[1]));
  try {
    const response = await fetch(url, { signal, headers: { Accept: 'application/json' }, credentials: 'same-origin' });
    if (!response.ok) throw new Error(response.statusText);
    const { events, note } = await response.json();
    showList(place, events, note);
    return events.map((event) => ({ ...event, extent }));
  } catch (error) {
    if (error.name === 'AbortError') return null;
    place.replaceChildren(place.dataset.textFailed);
    return [];
  }
}

function shapeOf({ start, end, extent: [from, to] }, width) {
  const upright = { xref: 'x', yref: 'paper', y0: 0, y1: 1 };
  const [x0, x1] = [Math.max(start, from), Math.min(end ?? start, to)];
  // What lasts too short to be seen as a time is a line, as an instant is.
  if (((x1 - x0) / (to - from)) * width < LEAST_PX) return { ...upright, type: 'line', name: 'event', x0, x1: x0 };
  return { ...upright, type: 'rect', name: 'maintenance', x0, x1 };
}

/** A layout with the marks of events on its first axis of time, in a plot of this width. */
export function markEvents(layout, events, width) {
  if (!events?.length || layout.xaxis?.type !== 'date') return layout;
  const levels = [];
  const numbers = events.map(({ number, start, extent: [from, to] }) => {
    const x = Math.max(start, from);
    const at = ((x - from) / (to - from)) * width;
    const free = levels.findIndex((last) => at - last >= NEAR_PX);
    const level = free >= 0 ? free : levels.length % LEVELS;
    levels[level] = at;
    return {
      xref: 'x', x, xanchor: at > width / 2 ? 'right' : 'left', yref: 'paper', y: 0, yanchor: 'bottom',
      yshift: level * STEP_PX, text: String(number), name: 'event boxed', font: { size: 10.5, weight: 650 },
    };
  });
  const marks = events.map((event) => shapeOf(event, width));
  return {
    ...layout,
    shapes: [...(layout.shapes ?? []), ...marks],
    annotations: [...(layout.annotations ?? []), ...numbers],
  };
}
