// A point of a chart that the reader clicked: its value and time, and the way to raise a finding about it.
import { wallText } from './zone.js';

const unitOf = (trace, layout) => trace.meta?.unit ?? (layout?.[`yaxis${(trace.yaxis ?? 'y').slice(1)}`]?.ticksuffix ?? '').trim();

function withSeen(href, seen) {
  const url = new URL(href, location.href);
  url.searchParams.set('seen', JSON.stringify({ address: location.pathname + location.search, ...seen }));
  return url.pathname + url.search;
}

const headingOf = (link) => (link.closest('section, aside')?.querySelector('h2') ?? document.querySelector('h1'))?.textContent.trim() ?? '';

/** Say below the chart which point it is. A point without a figure, such as that of a map, is none. */
export function tellPoint(element, figure, curve, place) {
  const flag = document.querySelector(`[data-raise="${CSS.escape(element.id)}"]`);
  const line = document.querySelector(`[data-chart-point="${CSS.escape(element.id)}"]`);
  const trace = figure.data[curve];
  const [x, value] = [trace?.x?.[place], trace?.y?.[place]];
  if (!flag || !line || typeof value !== 'number') return;
  const isTime = figure.layout?.xaxis?.type === 'date' && typeof x === 'number';
  const unit = unitOf(trace, figure.layout);
  const title = [trace.name, headingOf(flag)].filter(Boolean).join(', ').slice(0, 200);
  const seen = { title, value, unit: unit.slice(0, 32), ...(isTime ? { at: new Date(x).toISOString() } : {}) };
  const at = isTime ? wallText(x) : String(x);
  line.querySelector('span').textContent = `${title}: ${value.toLocaleString(undefined, { maximumSignificantDigits: 6 })} ${unit} · ${at}`;
  for (const link of [flag, line.querySelector('a')]) link.setAttribute('href', withSeen(flag.href, seen));
  line.hidden = false;
}

// Any link to raise a finding takes along where the reader was.
document.addEventListener('click', ({ target }) => {
  const link = target.closest?.('a[data-raise]');
  if (!link || new URL(link.href).searchParams.has('seen')) return;
  link.setAttribute('href', withSeen(link.href, { title: headingOf(link).slice(0, 200) }));
}, { capture: true });
