// Charts show the reader's time zone, that of the settings. Plotly has no zones: it is given wall-clock time, as text,
// since numbers it would take for instants and draw in the zone of the browser.

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const formats = new Map();
const offsets = new Map();

export const pageZone = () => document.body.dataset.zone || 'UTC';

function formatFor(zone) {
  if (!formats.has(zone)) {
    formats.set(zone, new Intl.DateTimeFormat('en-US', {
      timeZone: zone, hourCycle: 'h23',
      year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
    }));
  }
  return formats.get(zone);
}

function computeOffset(ms, zone) {
  const parts = Object.fromEntries(formatFor(zone).formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const wall = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second);
  return wall - Math.floor(ms / 1000) * 1000;
}

function cachedOffset(ms, zone) {
  const key = `${zone} ${ms}`;
  if (!offsets.has(key)) offsets.set(key, computeOffset(ms, zone));
  return offsets.get(key);
}

/** Wall clock minus UTC in ms. Exact to the hour on the one or two days a year when clocks change. */
export function offsetAt(ms, zone = pageZone()) {
  if (zone === 'UTC') return 0;
  const day = Math.floor(ms / DAY_MS) * DAY_MS;
  const morning = cachedOffset(day, zone);
  if (morning === cachedOffset(day + DAY_MS, zone)) return morning;
  return cachedOffset(Math.floor(ms / HOUR_MS) * HOUR_MS, zone);
}

export const toWall = (ms, zone) => ms + offsetAt(ms, zone);

export function fromWall(wallMs, zone) {
  const guess = wallMs - offsetAt(wallMs, zone);
  return wallMs - offsetAt(guess, zone);
}

/** "2026-11-24T10:00:00.500": what Plotly draws as it stands. */
export const wallDate = (ms, zone) => new Date(toWall(ms, zone)).toISOString().slice(0, 23);

/** Plotly reports a date axis as "2026-11-24 10:00:00.5", without a zone: ms of that wall clock. */
export const wallMs = (text) => (typeof text === 'number' ? text : Date.parse(`${text.replace(' ', 'T')}${text.length <= 10 ? 'T00:00' : ''}Z`));

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** "24 Nov 2026 10:00 Asia/Tokyo": as web/units.py writes an instant, with the zone's full name. */
export function wallText(ms) {
  const wall = new Date(toWall(ms));
  return `${wall.getUTCDate()} ${MONTHS[wall.getUTCMonth()]} ${wall.getUTCFullYear()} ${wall.toISOString().slice(11, 16)} ${pageZone()}`;
}

/** "24 Nov 10:00", beside a chart that names its zone. */
export function shortWallText(ms) {
  const wall = new Date(toWall(ms));
  return `${wall.getUTCDate()} ${MONTHS[wall.getUTCMonth()]} ${wall.toISOString().slice(11, 16)}`;
}

// Plotly's own ticks are in American order. "\n" begins a second line, which is drawn where it changes.
const TICKS = [
  { dtickrange: [null, DAY_MS - 1], value: '%H:%M\n%-d %b %Y' },
  { dtickrange: [DAY_MS, 'M1'], value: '%-d %b\n%Y' },
  { dtickrange: ['M1', 'M12'], value: '%b\n%Y' },
  { dtickrange: ['M12', null], value: '%Y' },
];

function dateAxis(axis, zone) {
  const hoverformat = (axis.hoverformat ?? '%-d %b %Y %H:%M').replace(/%H:%M$/, `$& ${zone}`);
  return axis.tickformat ? { ...axis, hoverformat } : { ...axis, hoverformat, tickformatstops: TICKS };
}

/** Instants on date axes, across or upright, become wall-clock time of a zone. */
export function inZone({ data, layout }, zone) {
  const shift = (value) => (typeof value === 'number' ? wallDate(value, zone) : value);
  const isDate = (axis, ref) => !/paper|domain/.test(ref) && layout[(ref ?? axis).replace(/^[xy]/, '$&axis')]?.type === 'date';
  const moved = { ...layout };
  for (const [name, axis] of Object.entries(layout)) {
    if (!/^[xy]axis/.test(name) || axis.type !== 'date') continue;
    moved[name] = dateAxis(axis, zone);
    if (axis.range) moved[name].range = axis.range.map(shift);
  }
  const place = (mark) => {
    const dated = ['x', 'y'].filter((axis) => isDate(axis, mark[`${axis}ref`]));
    const keys = dated.flatMap((axis) => [axis, `${axis}0`, `${axis}1`]).filter((key) => key in mark);
    return { ...mark, ...Object.fromEntries(keys.map((key) => [key, shift(mark[key])])) };
  };
  moved.shapes = (layout.shapes ?? []).map(place);
  moved.annotations = (layout.annotations ?? []).map(place);
  const traces = data.map((trace) => {
    const dated = ['x', 'y'].filter((axis) => Array.isArray(trace[axis]) && isDate(axis, trace[`${axis}axis`]));
    return { ...trace, ...Object.fromEntries(dated.map((axis) => [axis, trace[axis].map(shift)])) };
  });
  return { data: traces, layout: moved };
}
