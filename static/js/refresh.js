// Live regions: every [data-refresh] element with an id is fetched again at the chosen interval and morphed in place,
// so focus, scroll and open menus stay. Hidden tabs do not ask. An unchanged region costs a 304.
import { keepPreference } from './preferences.js';

const etags = new Map(); // region id and address -> ETag of what it shows
const control = () => document.querySelector('[data-refresh-control]');
let seconds = Number(control()?.dataset.seconds ?? 30);
let timer = 0;
let lastAt = Date.now();

const regions = () => document.querySelectorAll('[data-refresh][id]');
const keyOf = (region, address) => `${region.id} ${address}`;

async function refreshRegion(region) {
  const address = region.dataset.refreshUrl || location.pathname + location.search;
  const etag = etags.get(keyOf(region, address));
  let good = false;
  const note = ({ detail: { ctx } }) => {
    if (ctx.sourceElement === region) good = ctx.response?.status < 400;
  };
  region.addEventListener('htmx:finally:request', note);
  await window.htmx.ajax('GET', address, {
    source: region,
    target: region,
    select: `#${CSS.escape(region.id)}`,
    swap: 'outerMorph show:none',
    headers: etag ? { 'If-None-Match': etag } : {},
  });
  region.removeEventListener('htmx:finally:request', note);
  return good;
}

async function refresh() {
  const asked = [...regions()];
  // While another page is on its way this one stays as it is.
  if (asked.length === 0 || !window.htmx || 'onWay' in document.documentElement.dataset) return;
  const answers = await Promise.all(asked.map(refreshRegion));
  showResult(answers.every(Boolean));
}

function showResult(good) {
  const status = control()?.querySelector('[data-refresh-status]');
  const light = control()?.querySelector('[data-refresh-light]');
  if (!status) return;
  if (good) lastAt = Date.now();
  const clock = new Date(lastAt).toLocaleTimeString([], { hourCycle: 'h23' });
  status.textContent = `${good ? status.dataset.updated : status.dataset.failed} ${clock}`;
  light.toggleAttribute('data-tone', !good);
  if (!good) light.dataset.tone = 'bad';
}

function schedule() {
  clearInterval(timer);
  timer = seconds > 0 && !document.hidden ? setInterval(refresh, seconds * 1000) : 0;
}

function showInterval() {
  const menu = control();
  if (!menu) return;
  const chosen = menu.querySelector(`[data-refresh-every="${seconds}"]`);
  for (const button of menu.querySelectorAll('[data-refresh-every]')) button.setAttribute('aria-pressed', String(button === chosen));
  const short = seconds >= 60 ? `${seconds / 60} min` : `${seconds} s`;
  menu.querySelector('[data-refresh-label]').textContent = seconds > 0 ? short : (chosen?.textContent ?? '');
}

document.addEventListener('click', (event) => {
  const choice = event.target.closest('[data-refresh-every]');
  if (choice) {
    seconds = Number(choice.dataset.refreshEvery);
    keepPreference('refresh_s', seconds);
    showInterval();
    schedule();
  } else if (event.target.closest('[data-refresh-now]')) {
    refresh();
  }
});

// A tab that comes back to the front catches up at once when it has slept longer than its interval.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && seconds > 0 && Date.now() - lastAt > seconds * 1000) refresh();
  schedule();
});

document.addEventListener('htmx:after:request', (event) => {
  const { ctx } = event.detail;
  if (!ctx.sourceElement?.matches?.('[data-refresh]')) return;
  const etag = ctx.response.headers.get('ETag');
  if (ctx.response.status === 200 && etag) etags.set(keyOf(ctx.sourceElement, ctx.request.action), etag);
  // An error page in place of a live region would throw away figures that are merely old.
  if (ctx.response.status >= 400) ctx.swap = 'none';
  // Signed out: the page itself leads to the login and back.
  if (ctx.response.raw.redirected) {
    ctx.swap = 'none';
    location.reload();
  }
});

document.addEventListener('htmx:after:swap', (event) => {
  const { ctx } = event.detail;
  if (ctx.sourceElement?.matches?.('[data-refresh]')) {
    document.dispatchEvent(new CustomEvent('muster:refreshed', { detail: { region: ctx.sourceElement } }));
  }
});

// An answer without the region (another page, by mistake) must not empty it.
document.addEventListener('htmx:before:swap', (event) => {
  const { ctx, tasks } = event.detail;
  const main = tasks.find((task) => task.type === 'main');
  if (ctx.select && main && main.fragment.childElementCount === 0) event.preventDefault();
});

// What the reader opened or chose stays: the server does not know of it.
const isReaders = (element, name) =>
  (name === 'open' && element.matches('details, dialog')) || (name === 'aria-current' && element.matches('[data-chart-switch]'))
  || (name === 'aria-pressed' && element.matches('[data-chart-table]'));
window.htmx?.registerExtension('muster', { htmx_before_morph_attr: (element, { attrName }) => !isReaders(element, attrName) });

document.addEventListener('muster:page', () => {
  lastAt = Date.now();
  showInterval();
  schedule();
});
showInterval();
schedule();
