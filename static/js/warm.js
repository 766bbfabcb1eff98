// Pages by fetch: within Muster a link, a form that asks, and back and forward keep the scripts that run, and replace the
// body by the markup that a load would bring. Whatever is not such a page is left to the browser: files, forms that
// write, other sites, a page whose scripts do not say `data-warm`, and a browser without the Navigation API.
// Modules hear of a new page by `muster:page`, and as of any content that arrives by `htmx:after:swap`.
import { isRangeAlone } from './zoom.js';

const NOT_PAGES = /^\/(api|static|metrics|health|login|logout)\b|\.\w+$/;
const STYLES_MS = 3000; // a style sheet that never comes must not hold the page back
const COUNTS_MS = 30_000; // younger counts of the navigation are not asked for again
const root = document.documentElement;
const lasting = new Map();
let countsAt = Date.now();
let byBrowser = false; // what is loaded next is the browser's
let isOurs = false; // the traversal that is under way
let isUnderWay = false; // a page is on its way, and its markup may be there
let hasArrived = false; // its markup is there, and modules do not know of it yet

const scriptsOf = (page) => [...page.head.querySelectorAll('script[src]')];
const stylesOf = (page) => [...page.head.querySelectorAll('link[rel=stylesheet]')];
const addressOf = (element) => element.getAttribute(element.localName === 'link' ? 'href' : 'src');
const isWarm = (page) => scriptsOf(page).every((script) => 'warm' in script.dataset);

function isPage(event) {
  const { navigationType, destination } = event;
  if (byBrowser || !event.canIntercept || event.hashChange || event.formData || event.downloadRequest !== null) return false;
  if (navigationType === 'reload' || !isWarm(document)) return false;
  // A script that keeps what is shown in the address loads nothing.
  if (navigationType !== 'traverse' && destination.sameDocument) return false;
  const url = new URL(destination.url);
  return !NOT_PAGES.test(url.pathname) && !url.searchParams.has('export');
}

function leaveToBrowser(url) {
  byBrowser = true;
  location.assign(url);
  setTimeout(() => (byBrowser = false), 1000); // a file is loaded and the page stays
}

/** The document at this address; null where the browser has to load it. */
async function fetchPage(url, signal) {
  const response = await fetch(url, { signal, credentials: 'same-origin', headers: { Accept: 'text/html' } });
  if (!response.headers.get('Content-Type')?.includes('html')) return null;
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const isSame = page.querySelector('.shell') && scriptsOf(document).slice(0, 2).every((script, place) => addressOf(script) === addressOf(scriptsOf(page)[place]));
  // Another Muster than the one that runs, a page for those who are not signed in, or one with scripts of its own.
  if (!isSame || !isWarm(page)) return null;
  for (const each of page.querySelectorAll('noscript')) each.textContent = '';
  return { page, url: response.redirected ? response.url : url };
}

/** Adds the styles that the page needs and waits for them; returns those that it does not need. */
async function dress(page) {
  const present = new Map(stylesOf(document).map((link) => [addressOf(link), link]));
  const missing = stylesOf(page).filter((link) => !present.delete(addressOf(link))).map((link) => document.adoptNode(link));
  const loads = missing.map((link) => new Promise((resolve) => {
    link.onload = link.onerror = resolve;
    document.head.append(link);
  }));
  await Promise.race([Promise.all(loads), new Promise((resolve) => { setTimeout(resolve, STYLES_MS); })]);
  return [...present.values()];
}

/** Takes over what the navigation showed: how far it is scrolled, and its counts while these are young. */
function keepNavigation(page) {
  const isYoung = Date.now() - countsAt < COUNTS_MS;
  for (const mark of page.querySelectorAll('.count[id]')) {
    const old = document.getElementById(mark.id);
    if (old) mark.replaceWith(document.importNode(old, true));
  }
  if (isYoung) page.querySelector('.side')?.removeAttribute('hx-get');
  else countsAt = Date.now();
  return document.querySelector('.side .inner')?.scrollTop ?? 0;
}

/** Elements with data-lasting stay the ones that they are, with what scripts know of them; dialogs close. */
function keepLasting(page) {
  for (const element of document.querySelectorAll('[data-lasting][id]')) {
    if (element.open) element.close();
    lasting.set(element.id, element);
  }
  for (const [id, element] of lasting) page.getElementById(id)?.replaceWith(element);
}

/** Where the reader goes on: on the same page at what had the focus, on the way back at the link that led away. */
function focusOn(from, active, { isSamePage, isBack }) {
  const main = document.getElementById('main');
  const same = isSamePage && active.id && active.id !== main.id ? document.getElementById(active.id) : null;
  const addresses = [...(isSamePage || isBack ? [from] : []), ...(isSamePage ? [active.href] : [])];
  const link = [...main.querySelectorAll('a[href]')].find(({ href }) => addresses.includes(href));
  const first = [...document.querySelectorAll('[autofocus]')].find((each) => each.checkVisibility());
  const element = first ?? same ?? link ?? main;
  element.focus({ preventScroll: true });
  if (document.activeElement !== element) main.focus({ preventScroll: true });
}

async function show({ page }, { event, from }) {
  const unneeded = await dress(page);
  if (event.signal.aborted) return;
  const active = document.activeElement ?? document.body;
  const scrolled = keepNavigation(page);
  keepLasting(page);
  document.title = page.title;
  document.body.replaceWith(document.adoptNode(page.body));
  for (const link of unneeded) link.remove();
  for (const script of scriptsOf(page)) {
    if (scriptsOf(document).some((present) => addressOf(present) === addressOf(script))) continue;
    document.head.append(Object.assign(document.createElement('script'), { type: 'module', src: addressOf(script) }));
    document.head.lastElementChild.dataset.warm = '';
  }
  document.querySelector('.side .inner')?.scrollTo(0, scrolled);
  const isSamePage = new URL(from).pathname === location.pathname;
  const isBack = event.navigationType === 'traverse';
  focusOn(from, active, { isSamePage, isBack });
  // On one page a choice leaves the reader where they are.
  if (isBack || !isSamePage || location.hash) event.scroll();
  hasArrived = true;
}

function end() {
  isUnderWay = false;
  delete root.dataset.onWay;
  if (!hasArrived) return;
  hasArrived = false;
  window.htmx?.process(document.body);
  document.dispatchEvent(new CustomEvent('muster:page'));
  document.dispatchEvent(new CustomEvent('htmx:after:swap', { detail: { ctx: {} } }));
}

function take(event) {
  isOurs = event.navigationType === 'traverse' && !byBrowser && isRangeAlone(event.destination.url);
  if (isOurs || !isPage(event)) return;
  isOurs = true;
  isUnderWay = true;
  const from = location.href;
  let answer;
  const load = async (controller) => {
    root.dataset.onWay = '';
    try {
      answer = await fetchPage(event.destination.url, event.signal);
      if (answer && answer.url !== event.destination.url) controller?.redirect(answer.url);
    } catch (error) {
      if (error.name !== 'AbortError') leaveToBrowser(event.destination.url);
      throw error;
    }
    if (!answer && !event.signal.aborted) leaveToBrowser(event.destination.url);
  };
  const arrive = () => answer && show(answer, { event, from });
  const manner = { scroll: 'manual', focusReset: 'manual' };
  // The address stays what is shown until the answer is there; an older browser changes it at once.
  if (event.cancelable && 'NavigationPrecommitController' in window) event.intercept({ ...manner, precommitHandler: load, handler: arrive });
  else event.intercept({ ...manner, handler: () => load().then(arrive) });
}

// A script that keeps in the address what the old page shows would end what is under way.
for (const name of ['pushState', 'replaceState']) {
  const write = history[name].bind(history);
  history[name] = (...entry) => isUnderWay || write(...entry);
}
window.navigation?.addEventListener('navigate', take);
for (const outcome of ['navigatesuccess', 'navigateerror']) window.navigation?.addEventListener(outcome, end);
// Not every browser tells of a form that writes where its button says so.
addEventListener('submit', ({ target, submitter, defaultPrevented }) => {
  if (defaultPrevented || (submitter?.getAttribute('formmethod') ?? target.method) !== 'post') return;
  byBrowser = true;
  setTimeout(() => (byBrowser = false), 1000);
});
document.addEventListener('htmx:before:history:restore', (event) => {
  if (isOurs) event.preventDefault();
});
