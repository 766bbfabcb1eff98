// The road where there is no room for a drawing: its five stages as numbered lists with bars, one scale for each stage.
import { plural } from './quantities.js';
import { layOut } from './road_layout.js';
import { svg } from './road_picture.js';
import { sum, totals } from './road_sums.js';

const NAMED = 6;

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null && value !== undefined) made.setAttribute(key, value);
  made.append(...children.flat().filter(Boolean));
  return made;
}

function bar(parts, most) {
  let start = 0;
  const drawn = parts.filter(([, size]) => size > 0).map(([look, size]) => {
    const x = (100 * start) / most;
    start += size;
    return svg('rect', { class: look, x: `${x.toFixed(2)}%`, y: 1, width: `${((100 * size) / most).toFixed(2)}%`, height: 12, fill: look === 'road-undated' ? 'url(#road-hatch-bar)' : null });
  });
  return svg('svg', { class: 'road-bar', width: '100%', height: 14, 'aria-hidden': 'true' }, svg('rect', { class: 'road-track', y: 1, width: '100%', height: 12, rx: 3 }), drawn);
}

const partsOf = (trips) => [['road-dated', sum(trips.filter(({ state }) => state === 'dated'))], ['road-undated', sum(trips.filter(({ state }) => state === 'undated'))]];

function entry({ name, value, parts, most, note, href, isCurrent, isGap }) {
  const inside = [
    element('span', { class: isGap ? 'road-stage-name road-gap' : 'road-stage-name' }, name), element('b', { class: 'num' }, value), bar(parts, most),
    note && element('span', { class: 'sub' }, note),
  ];
  return element('li', {}, href ? element('a', { href, 'aria-current': isCurrent ? 'true' : null, 'data-road-link': '' }, inside) : element('div', {}, inside));
}

const stage = (name, note, entries) => element('li', { class: 'road-stage' }, element('h3', {}, name, note && element('span', { class: 'sub' }, ` ${note}`)), element('ul', {}, entries));

function codes(trips) {
  const names = trips.map(({ site }) => site.code);
  return names.length > NAMED ? `${names.slice(0, NAMED).join(' · ')} · and ${names.length - NAMED} more` : names.join(' · ');
}

function blockEntries(blocks, kind, words, note) {
  const most = Math.max(...blocks.map(({ size }) => size), 1e-9);
  let pillar = null;
  return blocks.flatMap((block) => {
    const head = kind === 'check' && block.pillar !== pillar && block.pillarName;
    pillar = block.pillar;
    const line = entry({ name: block.name, value: words.amount(block.size), parts: partsOf(block.trips), most, note: note(block), isGap: block.isGap,
      href: words.hrefOf(kind, block.key), isCurrent: words.isCurrent(kind, block.key) });
    return head ? [element('li', { class: 'road-pillar', 'data-role': `pillar-${block.pillar.slice(1)}` }, svg('svg', { width: 9, height: 9, 'aria-hidden': 'true' }, svg('rect', { width: 9, height: 9, rx: 2 })), head), line] : [line];
  });
}

function readyEntries(plan, sums, words) {
  const most = Math.max(sums.deployed, 1e-9);
  const now = ['road-now', sums.ready];
  const dated = plan.blocks.ready.filter(({ isUndated }) => !isUndated);
  return [
    entry({ name: 'Now', value: words.amount(sums.ready), parts: [now], most }),
    ...dated.map(({ until, total }) => entry({ name: `by ${words.monthEnd(until)}`, value: words.amount(total), parts: [now, ['road-dated', total - sums.ready]], most })),
  ];
}

export function drawStages(data, trips, words) {
  const plan = layOut(data, trips, 1000, words);
  const sums = totals(trips);
  const { check, owner, month } = plan.blocks;
  const all = [['road-now', sums.ready], ['road-dated', sums.planned - sums.ready], ['road-undated', sums.undated]];
  const hatch = svg('svg', { width: 0, height: 0, class: 'visually-hidden', 'aria-hidden': 'true' }, svg('defs', {},
    svg('pattern', { id: 'road-hatch-bar', width: 5, height: 5, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' }, svg('rect', { class: 'road-hatch', width: 5, height: 5 }), svg('path', { class: 'road-stripe', d: 'M0 0V5' }))));
  const stages = [
    stage('Deployed', '', [entry({ name: plural(trips.length, 'site', 'sites'), value: words.amount(sums.deployed), parts: all, most: Math.max(sums.deployed, 1e-9),
      note: `${words.amount(sums.ready)} ready now · ${words.amount(sums.planned - sums.ready)} with a date · ${words.amount(sums.undated)} without` })]),
    stage('First blocker', '', blockEntries(check, 'check', words, ({ trips: members }) => codes(members))),
    stage('Owner', '', blockEntries(owner, 'owner', words, ({ note, trips: members }) => [note, plural(members.length, 'site', 'sites')].filter(Boolean).join(' · '))),
    stage('Dated step', '', blockEntries(month, 'month', words, ({ trips: members }) => codes(members))),
    stage('Ready', 'in total', readyEntries(plan, sums, words)),
  ];
  return element('div', {}, hatch, element('ol', { class: 'road-stages', 'aria-label': words.finding({ ...sums, sites: trips.length }) }, plan.waiting.length ? stages : [stages[0], stages[4]]));
}
