// Ages count on: <time data-age datetime="…"> is written by web/ages.py as of the page, and again here as time goes by,
// in the words of web/units.py. "ago": "3 min ago"; "span": "3 min".
const firstSeen = new WeakMap(); // element -> { at: its datetime, ms: when it was first seen }
let skewMs = 0; // clock of the server less that of the browser
const MOST_ALIKE_MS = 2000; // clocks that differ by less are taken for the same

/** "45 s", "3 min", "5 h", "12 d": the largest unit that fits. */
export function duration(seconds) {
  const whole = Math.max(0, seconds);
  if (whole < 60) return `${Math.floor(whole)} s`;
  if (whole < 7200) return `${Math.floor(whole / 60)} min`;
  if (whole < 172800) return `${Math.floor(whole / 3600)} h`;
  return `${Math.floor(whole / 86400)} d`;
}

export function ageText(seconds, form) {
  if (form === 'span') return duration(seconds);
  return seconds < 1 ? 'just now' : `${duration(seconds)} ago`;
}

/** What a page of the server's instant `atMs` tells of the skew: only how far the browser's clock is behind, since the
 * page may be an old one out of the browser's cache.
 */
export function skewAtLoad(atMs, nowMs) {
  return atMs - nowMs > MOST_ALIKE_MS ? atMs - nowMs : 0;
}

// A browser whose clock is behind must not hold an age still: it counts at least from when it was seen. NaN for a
// datetime that cannot be read.
function secondsOf(element, nowMs) {
  const at = element.dateTime;
  if (firstSeen.get(element)?.at !== at) firstSeen.set(element, { at, ms: nowMs });
  return Math.max(nowMs + skewMs - Date.parse(at), nowMs - firstSeen.get(element).ms) / 1000;
}

function countOn() {
  if (document.hidden) return;
  const nowMs = Date.now();
  for (const element of document.querySelectorAll('time[data-age]')) {
    const seconds = secondsOf(element, nowMs);
    if (Number.isNaN(seconds)) continue;
    const text = ageText(seconds, element.dataset.age);
    if (element.textContent !== text) element.textContent = text;
  }
}

if (typeof document !== 'undefined') {
  skewMs = skewAtLoad(Date.parse(document.body.dataset.now ?? ''), Date.now());
  document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => {
    const date = Date.parse(ctx.response?.headers?.get('Date') ?? '');
    if (Number.isFinite(date)) skewMs = Math.abs(date - Date.now()) > MOST_ALIKE_MS ? date - Date.now() : 0;
  });
  document.addEventListener('visibilitychange', countOn);
  setInterval(countOn, 1000);
}
