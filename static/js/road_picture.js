// Draws the road as one SVG: blocks are links that filter the page, threads are links to their sites. What is pointed at or
// focused is lit from end to end; one tab stop, and arrow keys from there.
import { layOut } from './road_layout.js';
import { totals } from './road_sums.js';
import { plural } from './quantities.js';

const SVG = 'http://www.w3.org/2000/svg';
const PLACES = [['out0', 'in1'], ['out1', 'in2'], ['out2', 'in3'], ['out3', 'in4']];
const STRAIGHT = [0, 0.6, 0.4, 0]; // how much of a gap runs straight, for the labels
const LABEL = 13; // the least height of a thread with a label
const canvas = document.createElement('canvas').getContext('2d');

export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/* --- text that fits --- */

function widthOf(text, font) {
  canvas.font = `${font} Inter, system-ui, sans-serif`;
  return canvas.measureText(text).width;
}

function fitted(text, width, font) {
  if (widthOf(text, font) <= width) return text;
  let end = text.length;
  while (end > 0 && widthOf(`${text.slice(0, end)}…`, font) > width) end -= 1;
  return end > 0 ? `${text.slice(0, end).trimEnd()}…` : '';
}

/* --- shapes --- */

function band(start, end, from, to, height, straight) {
  const x = start + straight;
  const middle = (x + end) / 2;
  const tall = Math.max(height, 0.1);
  const at = (value) => value.toFixed(1);
  return `M${at(start)} ${at(from)}H${at(x)}C${at(middle)} ${at(from)} ${at(middle)} ${at(to)} ${at(end)} ${at(to)}v${at(tall)}`
    + `C${at(middle)} ${at(to + tall)} ${at(middle)} ${at(from + tall)} ${at(x)} ${at(from + tall)}H${at(start)}Z`;
}

/** The parts of all ribbons that these sites run in: a whole ribbon where it is of one site. */
function partsOf(plan, slugs) {
  return plan.ribbons.flatMap((ribbons, gap) => ribbons.flatMap((ribbon) => {
    const trips = ribbon.trips.filter(({ site }) => slugs.has(site.slug));
    return trips.length ? [{ ...ribbon, gap, trips, height: trips.length === ribbon.trips.length ? ribbon.height : plan.heightOf(trips) }] : [];
  }));
}

function path(plan, gap, { from, to, height, isUndated }, name) {
  const column = plan.columns[gap];
  const straight = plan.isMany ? 0 : STRAIGHT[gap] * column.gap;
  const d = band(column.x + column.width, plan.columns[gap + 1].x, from, to, height, straight);
  return svg('path', { d, class: `${name} ${isUndated ? 'road-undated' : 'road-dated'}`, fill: isUndated ? 'url(#road-hatch)' : null });
}

/* --- blocks --- */

const NAME = '620 12.5px';
const NOTE = '500 11.5px';

/** The words in as many lines as they need; the last of those that there may be is cut. */
function wrapped(words, width, most) {
  if (most < 1 || !words) return [];
  const all = words.split(' ');
  let count = all.length;
  while (count > 1 && widthOf(all.slice(0, count).join(' '), NOTE) > width) count -= 1;
  if (count === all.length || most === 1) return [words];
  return [all.slice(0, count).join(' '), ...wrapped(all.slice(count).join(' '), width, most - 1)];
}

/** The lines of a block, each [text at the left, text at the right]: a name that does not fit beside the value stands above it. */
function linesOf({ name, short, value }, notes, { width, height }) {
  const room = width - 28 - widthOf(value, NAME);
  const lines = Math.max(0, Math.floor((height - 22) / 17));
  const wrap = (parts, most) => parts.flatMap((text) => wrapped(text, width - 20, parts.length > 1 ? 1 : most)).slice(0, most).map((text) => [text, '']);
  if (widthOf(name, NAME) <= room || short || lines === 0) return [[widthOf(name, NAME) > room && short ? short : name, value], ...wrap(notes, lines)];
  if (lines === 1 || widthOf(notes[0] ?? '', NOTE) <= room) return [[name, ''], [notes[0] ?? '', value], ...wrap(notes.slice(1), lines - 1)];
  return [[name, ''], ['', value], ...wrap(notes, lines - 1)];
}

function texts(lines, { x, y, width, height }) {
  const start = y + height / 2 - (lines.length - 1) * 8 + 4.3;
  return lines.flatMap(([left, right], at) => {
    const look = { font: at ? NOTE : NAME, name: at ? 'road-note' : 'road-name' };
    const value = right ? svg('text', { class: 'road-name road-end', x: x + width - 10, y: start + 16 * at }, right) : null;
    const text = fitted(left, width - 16 - (right ? widthOf(right, NAME) + 6 : 0), look.font);
    return [svg('text', { class: look.name, x: x + 10, y: start + 16 * at }, text), value];
  });
}

function lookOf(block) {
  if (block.isGap) return 'road-gap';
  if (block.isUndated) return 'road-without';
  return block.kind === 'ready' ? 'road-total' : '';
}

function blockElement(block, column, { notes, href, text, isCurrent }) {
  const box = { x: column.x, y: block.y, width: column.width, height: block.height };
  const rect = svg('rect', { ...box, rx: 5 });
  const key = { class: 'road-block', 'data-key': `${block.kind} ${block.key}` };
  const target = href ? svg('a', { ...key, href, 'aria-label': text, 'aria-current': isCurrent ? 'true' : null, tabindex: -1 }, rect) : svg('g', key, rect);
  // Beside the link, not in it: its name says more, and says it whole.
  const hidden = href ? { 'aria-hidden': 'true' } : {};
  return { target, element: svg('g', { class: `road-box ${lookOf(block)}` }, target, svg('g', hidden, texts(linesOf(block, notes.filter(Boolean), box), box))) };
}

/* --- the parts of the drawing --- */

function heads(plan, names) {
  return names.map(([name, note], at) => [
    svg('text', { class: 'road-head', x: plan.columns[at].x, y: 16 }, `${at + 1}  ${name}`),
    svg('text', { class: 'road-sub', x: plan.columns[at].x, y: 33 }, fitted(note, plan.columns[at].width + (plan.columns[at].gap || 0) - 8, '500 11.5px')),
  ]);
}

function figure(text, x, y, look) {
  const [value, unit] = text.split(' ');
  return svg('text', { class: look, x, y }, value, svg('tspan', { class: 'road-unit', dx: 4 }, unit ?? ''));
}

function deployed({ head, highway, columns: [column], waiting, heightOf }, sums, amount) {
  const box = { x: 0, y: head, width: column.width, height: highway + heightOf(waiting), rx: 5 };
  const lines = [[head + 49, `at ${plural(sums.sites, 'site', 'sites')}`]];
  const y = Math.max(head + highway + 30, head + 80);
  if (waiting.length && highway && y + 24 < head + box.height) {
    lines.push([y, `${amount(sums.waiting)} ${waiting.length === 1 ? 'waits' : 'wait'}`], [y + 16, `at ${plural(waiting.length, 'site', 'sites')}`]);
  }
  return svg('g', { class: 'road-box' }, svg('rect', box), figure(amount(sums.deployed), 10, head + 30, 'road-figure'),
    lines.map(([at, text]) => svg('text', { class: 'road-note', x: 10, y: at }, fitted(text, column.width - 12, '500 11.5px'))));
}

/** As many of the names as fit, and how many more there are. */
function namesThatFit(names, width) {
  let line = names[0];
  for (let place = 1; place < names.length; place += 1) {
    const rest = names.length - place - 1;
    const longer = `${line} · ${names[place]}`;
    if (widthOf(rest ? `${longer} · and ${rest} other sites` : longer, NOTE) > width) return `${line} · and ${plural(rest + 1, 'other site', 'other sites')}`;
    line = longer;
  }
  return line;
}

function highway({ head, highway: height, columns, ready }, sums, amount) {
  if (!height) return [];
  const [start, first, end] = [columns[0].x + columns[0].width, columns[1].x, columns[4].x];
  const line = namesThatFit([...ready].sort((a, b) => b.site.size - a.site.size).map(({ site }) => `${site.code} ${amount(site.size)}`), end - first - 20);
  const middle = head + height / 2;
  return [
    svg('rect', { class: 'road-now', x: start, y: head, width: end + columns[4].width - start, height, rx: 5 }),
    svg('text', { class: 'road-ready', x: first + 10, y: middle - 3 }, amount(sums.ready), svg('tspan', { class: 'road-unit', dx: 7 }, 'ready now, no blocker')),
    svg('text', { class: 'road-names', x: first + 10, y: middle + 15 }, line),
    svg('text', { class: 'road-ready', x: end + 10, y: middle - 3 }, amount(sums.ready)),
    svg('text', { class: 'road-names', x: end + 10, y: middle + 15 }, 'ready now'),
  ];
}

function labels(plan, amount) {
  if (plan.isMany) return [];
  const [, check, owner] = plan.columns;
  const drawn = [];
  for (const trip of plan.waiting) {
    const height = plan.heightOf([trip]);
    if (height < LABEL) continue;
    for (const [column, gap, name, words] of [[check, 1, 'out1', [`${trip.site.code} ${amount(trip.site.size)}`, trip.site.code]], [owner, 2, 'out2', [amount(trip.site.size)]]]) {
      const text = words.find((each) => widthOf(each, '500 11px') <= STRAIGHT[gap] * column.gap + 6);
      if (text) drawn.push(svg('text', { class: 'road-label', x: column.x + column.width + 6, y: (trip.y[name] + height / 2 + 3.8).toFixed(1) }, text));
    }
  }
  return svg('g', { 'aria-hidden': 'true' }, drawn);
}

/** A tick for each first blocker with ticked sites, where their threads enter it. */
function marks(plan) {
  return plan.blocks.check.flatMap((block) => {
    const ticked = block.trips.filter(({ isTicked }) => isTicked);
    if (!ticked.length) return [];
    const y = ticked.reduce((total, trip) => total + trip.y.in1 + plan.heightOf([trip]) / 2, 0) / ticked.length;
    return [svg('g', { class: 'road-mark', transform: `translate(${(plan.columns[1].x - 13).toFixed(1)} ${y.toFixed(1)})` },
      svg('circle', { r: 8.5 }), svg('path', { d: 'M-3.6 .2l2.6 2.6 4.8-5.2' }))];
  });
}

function hatch() {
  const stripe = svg('pattern', { id: 'road-hatch', width: 7, height: 7, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
    svg('rect', { class: 'road-hatch', width: 7, height: 7 }), svg('path', { class: 'road-stripe', d: 'M0 0V7' }));
  return svg('defs', {}, stripe);
}

/* --- the whole --- */

export const nameOf = ({ code, name }) => (name === code ? code : `${code} ${name}`);

/** Words that tell a thread or a block; one place, for those who point and for those who listen. */
export function describe(words, { site, readyOn, state }) {
  const { check = 'not evaluated', owner = 'no owner' } = words.namesOf(site);
  const day = state === 'ready' ? 'ready now' : readyOn ? `ready ${words.day(readyOn)}` : 'no date';
  return `${nameOf(site)}, ${words.amount(site.size)}: ${check}, ${owner}, ${day}${site.is_silent ? ', silent' : ''}`;
}

const describeBlock = (block, words) => [`${block.name}: ${block.value} at ${plural(block.trips.length, 'site', 'sites')}`, block.note].filter(Boolean).join(', ');

function threads(plan, words) {
  const lines = plan.ribbons[0].length ? (plan.isMany ? [] : plan.waiting) : [];
  return lines.map((trip) => {
    const only = new Set([trip.site.slug]);
    const parts = partsOf(plan, only);
    const text = describe(words, trip);
    const look = ['road-thread', trip.isTicked && 'road-ticked', trip.site.is_silent && 'road-silent'].filter(Boolean).join(' ');
    return { trip, text, element: svg('a', { class: look, href: trip.site.url, 'aria-label': text, tabindex: -1, 'data-key': `site ${trip.site.slug}` },
      parts.map((part) => path(plan, part.gap, part, 'road-ribbon'))) };
  });
}

function ribbonGroups(plan, words) {
  return plan.ribbons.flatMap((ribbons, gap) => ribbons.map((ribbon) => ({
    trips: ribbon.trips, element: path(plan, gap, ribbon, 'road-ribbon'),
    text: `${plural(ribbon.trips.length, 'site', 'sites')}, ${words.amount(ribbon.trips.reduce((total, { site }) => total + site.size, 0))}${ribbon.isUndated ? ', no date' : ''}`,
  })));
}

function blockItems(plan, words) {
  const notes = {
    check: (block) => [block.note],
    owner: (block) => [block.note],
    month: (block) => [plural(block.trips.length, 'site', 'sites'), block.isUndated ? '' : `last on ${words.day(block.trips.map(({ readyOn }) => readyOn).sort().at(-1))}`],
    ready: (block) => [block.isUndated ? 'until dated' : ''],
  };
  return ['check', 'owner', 'month', 'ready'].flatMap((kind, at) => plan.blocks[kind].map((block) => {
    const facts = kind !== 'ready' ? { value: words.amount(block.size) }
      : { value: words.amount(block.isUndated ? block.size : block.total), name: block.isUndated ? 'Not ready' : `by ${words.monthEnd(block.until)}`, short: block.isUndated ? '' : words.monthEnd(block.until) };
    const named = { ...block, ...facts };
    const text = describeBlock(named, words);
    const href = kind === 'ready' ? null : words.hrefOf(kind, block.key);
    const isCurrent = words.isCurrent(kind, block.key);
    const { target, element } = blockElement(named, plan.columns[at + 1], { notes: notes[kind](block), href, text, isCurrent });
    return { kind, column: at + 1, y: block.y + block.height / 2, trips: block.trips, text, isCurrent, element: target, box: element };
  }));
}

function names(plan, data) {
  const { check, owner, month } = plan.blocks;
  const count = (blocks, one, many) => plural(blocks.reduce((total, { key }) => total + key.split(' ').length, 0), one, many);
  const gaps = owner.filter(({ isGap }) => isGap).length;
  return [
    ['Deployed', ''],
    ['First blocker', check.length ? `${count(check, 'check', 'checks')} in ${plural(new Set(check.map(({ pillar }) => pillar)).size, 'pillar', 'pillars')}` : 'none'],
    ['Owner', owner.length ? `${count(owner.filter(({ isGap }) => !isGap), 'owner', 'owners')}${gaps ? ', 1 gap' : ''}` : ''],
    ['Dated step', month.length ? 'by month' : ''],
    ['Ready', data.measure === 'power' ? 'power in total' : 'accelerators in total'],
  ];
}

/** {element, items}: items are what can be pointed at, each {element, trips, text, column, y}. */
export function draw(data, trips, width, words) {
  const plan = layOut(data, trips, width, words);
  const sums = { ...totals(trips), sites: trips.length };
  const { amount } = words;
  const blocks = blockItems(plan, words);
  const lines = threads(plan, words);
  // Undated ones above the others, ticked ones above all: their edges tell.
  lines.sort((a, b) => a.trip.isTicked - b.trip.isTicked || (a.trip.state === 'undated') - (b.trip.state === 'undated'));
  const items = [...blocks, ...lines.map(({ trip, ...item }) => ({ ...item, kind: 'site', trips: [trip], column: 1.5, y: trip.y.out1 })), ...(plan.isMany ? ribbonGroups(plan, words) : [])];
  const ticked = plan.isMany ? partsOf(plan, new Set(plan.waiting.filter(({ isTicked }) => isTicked).map(({ site }) => site.slug))) : [];
  const lit = svg('g', { class: 'road-lit', 'aria-hidden': 'true' });
  const pillars = plan.heads.map(({ pillar, name, y }) => svg('g', { class: 'road-pillar', 'data-role': `pillar-${pillar.slice(1)}` },
    svg('rect', { x: plan.columns[1].x, y: y - 9, width: 9, height: 9, rx: 2 }), svg('text', { x: plan.columns[1].x + 15, y }, name)));
  const element = svg('svg', { class: plan.isMany ? 'road-flow road-many' : 'road-flow', viewBox: `0 0 ${plan.width} ${Math.ceil(plan.height)}`, role: 'group', 'aria-label': words.finding(sums) },
    hatch(), svg('g', { class: 'road-heads' }, heads(plan, names(plan, data)).flat()), deployed(plan, sums, amount), highway(plan, sums, amount),
    svg('g', { class: 'road-threads' }, items.filter(({ kind }) => kind === 'site' || !kind).map((item) => item.element)),
    svg('g', { class: 'road-threads', 'aria-hidden': 'true' }, ticked.map((part) => path(plan, part.gap, part, 'road-ribbon road-ticked'))),
    lit, labels(plan, amount), pillars, blocks.map(({ box }) => box), marks(plan));
  const light = (members) => {
    const parts = members ? partsOf(plan, new Set(members.map(({ site }) => site.slug))) : [];
    lit.replaceChildren(...parts.map((part) => path(plan, part.gap, part, 'road-ribbon')));
    element.toggleAttribute('data-lit', Boolean(members));
  };
  return { element, items, light };
}
