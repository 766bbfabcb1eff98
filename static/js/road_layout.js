// Where the road's blocks and threads stand: pure arithmetic, from sites to pixels. Deployed, first blocker, owner, dated
// step and ready are columns from left to right; between two columns runs a ribbon for each site, or, where there are many
// sites, one for each pair of blocks.
import { sum } from './road_sums.js';

export const NONE = 'none';
const HEAD = 46; // the columns' names
const TALL = 590;
const LEAST_BLOCK = 24; // a line of text, and a target for a finger
const LEAST_THREAD = 1.5;
const GAP = 6;
const PILLAR_HEAD = 21;
const HIGHWAY = 50; // the least height of what is ready, for its words
const MANY = 60;
const MOST = { check: 12, owner: 10, month: 8 };
// Widths at 1,300 px: least, share, most.
const COLUMNS = [[96, 0.09, 112], [168, 0.16, 208], [152, 0.15, 196], [118, 0.128, 156], [126, 0.13, 158]];
const BETWEEN = [92, 158, 124, 108];
const clamp = (least, value, most) => Math.max(least, Math.min(value, most));

/* --- columns --- */

const keyOf = {
  check: ({ site }) => site.blocker ?? NONE,
  owner: ({ site }) => site.owner ?? NONE,
  month: ({ month }) => month ?? NONE,
};

function grouped(trips, key) {
  const groups = new Map();
  for (const trip of trips) {
    if (!groups.has(key(trip))) groups.set(key(trip), []);
    groups.get(key(trip)).push(trip);
  }
  return groups;
}

const blockOf = (kind, key, trips, facts) => ({ kind, key, trips, size: sum(trips), ...facts });

/** The largest of a column stand alone; the others of each part of it stand together, at its end, unless that would be one. */
function folded(blocks, { most, part, name }) {
  const bySize = [...blocks].sort((a, b) => b.size - a.size);
  const largest = new Set(blocks.length > most + 1 ? bySize.slice(0, most) : blocks);
  return [...grouped(blocks, part).values()].flatMap((members) => {
    const others = members.filter((block) => !largest.has(block));
    if (others.length < 2) return members;
    const trips = others.flatMap((each) => each.trips);
    const fold = { ...others[0], ...blockOf(others[0].kind, others.map(({ key }) => key).join(' '), trips), name: name(others) };
    return [...members.filter((block) => largest.has(block)), { ...fold, note: others.map((each) => each.name).join(', ') }];
  });
}

function checkBlocks(data, waiting) {
  const groups = grouped(waiting, keyOf.check);
  const blocks = data.checks.filter(({ id }) => groups.has(id)).map((check) => blockOf('check', check.id, groups.get(check.id), {
    name: check.name, note: check.claim, pillar: check.pillar, pillarName: check.pillar_name,
  }));
  if (groups.has(NONE)) blocks.push(blockOf('check', NONE, groups.get(NONE), { name: 'Not evaluated', note: 'no verdict yet', pillar: '', pillarName: '' }));
  return folded(blocks, { most: MOST.check, part: ({ pillar }) => pillar, name: (others) => `${others.length} other checks` });
}

function ownerBlocks(data, waiting) {
  const groups = grouped(waiting, keyOf.owner);
  const owners = new Map(data.owners.map((owner) => [owner.key, owner]));
  const blocks = [...groups].map(([key, trips]) => {
    const { name = 'No owner', lead = '', is_gap: isGap = true } = owners.get(key) ?? {};
    const place = trips.reduce((total, trip) => total + trip.place.check, 0) / trips.length;
    return blockOf('owner', key, trips, { name, note: lead, isGap, place });
  });
  blocks.sort((a, b) => a.isGap - b.isGap || a.place - b.place || (a.name < b.name ? -1 : 1));
  return folded(blocks, { most: MOST.owner, part: ({ isGap }) => isGap, name: (others) => `${others.length} other owners` });
}

function monthBlocks(waiting, { monthName }) {
  const groups = grouped(waiting, keyOf.month);
  const months = [...groups.keys()].filter((key) => key !== NONE).sort();
  const late = months.length > MOST.month + 1 ? months.splice(MOST.month) : [];
  const blocks = months.map((key) => blockOf('month', key, groups.get(key), { name: monthName(key), short: monthName(key).replace(/^(\S{3})\S*/, '$1'), until: key }));
  if (late.length) {
    blocks.push(blockOf('month', late.join(' '), late.flatMap((key) => groups.get(key)), { name: 'Later', until: late.at(-1) }));
  }
  if (groups.has(NONE)) blocks.push(blockOf('month', NONE, groups.get(NONE), { name: 'No date', isUndated: true }));
  return blocks;
}

/** Blocks of the three columns in the middle. Each trip learns its place in each. */
function columnsOf(data, waiting, names) {
  const columns = {};
  for (const trip of waiting) trip.place = {};
  for (const [kind, blocks] of [['check', () => checkBlocks(data, waiting)], ['owner', () => ownerBlocks(data, waiting)], ['month', () => monthBlocks(waiting, names)]]) {
    columns[kind] = blocks();
    columns[kind].forEach((block, place) => block.trips.forEach((trip) => (trip.place[kind] = place)));
  }
  return columns;
}

/* --- heights --- */

const threadHeight = (trip, scale, isMany) => (isMany ? scale * trip.site.size : Math.max(scale * trip.site.size, LEAST_THREAD));
const threadsHeight = (trips, scale, isMany) => trips.reduce((total, trip) => total + threadHeight(trip, scale, isMany), 0);

const countPillars = (checks) => new Set(checks.map(({ pillar }) => pillar)).size;

function heightAt(columns, ready, scale, isMany) {
  const tall = (blocks) => blocks.reduce((total, { trips }) => total + Math.max(threadsHeight(trips, scale, isMany), LEAST_BLOCK) + GAP, 0);
  const pillars = countPillars(columns.check);
  const waiting = Math.max(tall(columns.check) + pillars * (PILLAR_HEAD - GAP), tall(columns.owner), tall(columns.month));
  return HEAD + (ready ? Math.max(scale * ready, HIGHWAY) : 0) + waiting + GAP;
}

/** Pixels for a unit of size, so that the tallest column fills the height. */
function scaleFor(columns, ready, deployed, isMany) {
  const target = Math.max(TALL, heightAt(columns, ready, 0, isMany) + 120);
  if (!columns.check.length) return (TALL - HEAD) / 3 / Math.max(deployed, 1);
  let [low, high] = [0, target / Math.max(deployed, 1e-9)];
  for (let turn = 0; turn < 40; turn += 1) {
    const middle = (low + high) / 2;
    if (heightAt(columns, ready, middle, isMany) > target) high = middle;
    else low = middle;
  }
  return low;
}

/* --- places --- */

function place(block, y, height) {
  Object.assign(block, { y, height: Math.max(height, LEAST_BLOCK), inset: Math.max(LEAST_BLOCK - height, 0) / 2 });
  return y + block.height;
}

function placeChecks(blocks, top, heightOf) {
  const heads = [];
  let y = top;
  for (const block of blocks) {
    if (heads.at(-1)?.pillar !== block.pillar) {
      y += PILLAR_HEAD;
      heads.push({ pillar: block.pillar, name: block.pillarName, y: y - 6 });
    } else {
      y += GAP;
    }
    y = place(block, y, heightOf(block.trips));
  }
  return { heads, bottom: y };
}

function spread(blocks, top, bottom, heightOf) {
  const heights = blocks.map(({ trips }) => heightOf(trips));
  const filled = heights.reduce((total, height) => total + Math.max(height, LEAST_BLOCK), 0);
  const gap = (bottom - top - filled) / Math.max(blocks.length, 1);
  let y = top;
  blocks.forEach((block, at) => (y = place(block, y + gap, heights[at])));
}

/** What is ready in total, month upon month; what has no date stands apart, at the bottom. */
function placeReady(months, top, bottom, heightOf, ready) {
  let y = top;
  let total = ready;
  return months.map((month) => {
    const block = { ...month, kind: 'ready' };
    total += month.isUndated ? 0 : month.size;
    if (month.isUndated) place(block, bottom - Math.max(heightOf(month.trips), LEAST_BLOCK), heightOf(month.trips));
    else y = place(block, y, heightOf(month.trips));
    return Object.assign(block, { total });
  });
}

const order = (...keys) => (a, b) => {
  for (const key of keys) if (key(a) !== key(b)) return key(a) - key(b);
  return 0;
};
const check = (trip) => trip.place.check;
const owner = (trip) => trip.place.owner;
const month = (trip) => trip.place.month;
const undated = (trip) => Number(trip.state === 'undated');

/** Writes where each trip leaves or enters the blocks of a column: `at` says which; without blocks there is one, at the top. */
function thread(name, trips, { blocks, at, compare, top, heightOf }) {
  const start = blocks?.map(({ y, inset }) => y + inset) ?? [top];
  for (const trip of [...trips].sort(compare)) {
    trip.y[name] = start[blocks ? at(trip) : 0];
    start[blocks ? at(trip) : 0] += heightOf([trip]);
  }
}

/** Ribbons of a gap, each {trips, from, to, height, isUndated}: contiguous on both sides by how `thread` sorts. */
function ribbons(trips, [from, to], key, heightOf) {
  return [...grouped(trips, key).values()].map((members) => ({
    trips: members, isUndated: members[0].state === 'undated', height: heightOf(members),
    from: Math.min(...members.map(({ y }) => y[from])), to: Math.min(...members.map(({ y }) => y[to])),
  }));
}

function ribbonsOf(trips, isMany, heightOf) {
  const pair = (...keys) => (isMany ? (trip) => keys.map((part) => part(trip)).join(' ') : (trip) => trip.site.slug);
  return [
    ribbons(trips, ['out0', 'in1'], pair(check, undated), heightOf),
    ribbons(trips, ['out1', 'in2'], pair(check, owner, undated), heightOf),
    ribbons(trips, ['out2', 'in3'], pair(owner, month), heightOf),
    ribbons(trips, ['out3', 'in4'], pair(month), heightOf),
  ];
}

function across(width) {
  const wide = COLUMNS.map(([least, share, most]) => clamp(least, share * width, most));
  const rest = width - wide.reduce((a, b) => a + b);
  const parts = BETWEEN.reduce((a, b) => a + b);
  let x = 0;
  return wide.map((each, at) => {
    const column = { x, width: each, gap: at < BETWEEN.length ? (rest * BETWEEN[at]) / parts : 0 };
    x += each + column.gap;
    return column;
  });
}

/** {columns, blocks, ribbons, …} for a drawing of this width. `trips` are copied: places belong to one drawing. */
export function layOut(data, trips, width, names) {
  const waiting = trips.filter(({ state }) => state !== 'ready').map((trip) => ({ ...trip, y: {} }));
  const ready = trips.filter(({ state }) => state === 'ready');
  const isMany = waiting.length > MANY;
  const blocks = columnsOf(data, waiting, names);
  const scale = scaleFor(blocks, sum(ready), sum(trips), isMany);
  const heightOf = (members) => threadsHeight(members, scale, isMany);
  const highway = ready.length ? Math.max(scale * sum(ready), HIGHWAY) : 0;
  const top = HEAD + highway;
  const bottom = heightAt(blocks, sum(ready), scale, isMany) - GAP;
  const { heads } = placeChecks(blocks.check, top, heightOf);
  for (const kind of ['owner', 'month']) spread(blocks[kind], top, bottom, heightOf);
  blocks.ready = placeReady(blocks.month, top, bottom, heightOf, sum(ready));
  const lines = [
    ['out0', null, check, order(check, undated, owner, month)], ['in1', blocks.check, check, order(check, undated, owner, month)],
    ['out1', blocks.check, check, order(check, owner, undated, month)], ['in2', blocks.owner, owner, order(owner, check, undated, month)],
    ['out2', blocks.owner, owner, order(owner, month, check)], ['in3', blocks.month, month, order(month, owner, check)],
    ['out3', blocks.month, month, order(month, owner, check)], ['in4', blocks.ready, month, order(month, owner, check)],
  ];
  for (const [name, column, at, compare] of lines) thread(name, waiting, { blocks: column, at, compare, top, heightOf });
  return {
    width, height: Math.max(bottom, top) + 8, head: HEAD, top, highway, isMany, blocks, heads, ready, waiting, heightOf,
    columns: across(width), ribbons: ribbonsOf(waiting, isMany, heightOf),
  };
}
