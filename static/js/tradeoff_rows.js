// The rows of the options table, filled from what was served, in the order of the ranks.

const MOST_ROWS = 100;

/** Whether an option lies within the ranges; what is unknown lies within none. */
export function within(option, ranges) {
  return Object.entries(ranges).every(([name, [low, high]]) => {
    const value = option.figures[name]?.value ?? null;
    return value !== null && (low === null || value >= low) && (high === null || value <= high);
  });
}

/** The options that compete by rank, then the optional improvements, as the server has them. */
export function competingFirst(ranked, options) {
  const isOptional = new Map(options.map(({ name, row }) => [name, Boolean(row.step)]));
  const [competing, optional] = [false, true].map((wanted) => ranked.filter(({ name }) => isOptional.get(name) === wanted));
  const counted = (part, before) => part.map((one) => ({ ...one, rank: before + 1 + part.filter(({ points }) => points > one.points).length }));
  return [...counted(competing, 0), ...counted(optional, competing.length)];
}

/** Options of equal rank, and those of equal rounded scores, by rank and by score. */
function shared(ranked) {
  const count = (values) => values.reduce((counts, value) => counts.set(value, (counts.get(value) ?? 0) + 1), new Map());
  return [count(ranked.map(({ rank }) => rank)), count(ranked.map(({ points }) => Math.round(points / 1e7)))];
}

function made(row) {
  const line = document.querySelector('template[data-row]').content.firstElementChild.cloneNode(true);
  line.dataset.site = row.slug;
  line.id = `option-${row.slug}`;
  const cell = (name) => line.querySelector(`[data-cell="${name}"]`);
  Object.assign(cell('name'), { textContent: row.name, href: `/sites/${encodeURIComponent(row.slug)}/` });
  cell('place').textContent = row.place;
  for (const pill of line.querySelectorAll('[data-verdict-of]')) if (pill.dataset.verdictOf !== row.verdict) pill.remove();
  cell('today').hidden = !row.is_today;
  cell('pareto').hidden = !row.pareto || Boolean(row.step);
  Object.assign(cell('step'), { hidden: !row.step, title: row.step });
  cell('after').textContent = row.after;
  line.toggleAttribute('data-dominated', Boolean(row.dominated));
  const pick = line.querySelector('[data-pick]');
  pick.value = row.slug;
  pick.setAttribute('aria-label', row.name);
  for (const { name, text, why, old } of row.cells) Object.assign(cell(name), { textContent: text, title: why || old });
  return line;
}

export function fillRows({ served, ranked, ranges, best }) {
  const body = document.querySelector('[data-options]');
  if (!body) return;
  const there = new Map([...body.rows].map((line) => [line.dataset.site, line]));
  const options = new Map(served.options.map((option) => [option.name, option]));
  const kept = ranked.filter(({ name }) => within(options.get(name), ranges));
  const [ofRank, ofScore] = shared(ranked);
  const nameOf = (name) => options.get(name).row.name;
  const lines = kept.slice(0, MOST_ROWS).map(({ name, rank, points }) => {
    const { row } = options.get(name);
    const line = there.get(name) ?? made(row);
    const cell = (part) => line.querySelector(`[data-cell="${part}"]`);
    const isTied = points > 0 && ofRank.get(rank) > 1;
    cell('rank').textContent = `${rank}${isTied ? '=' : ''}`;
    cell('score').textContent = (points / 1e7).toFixed(ofScore.get(Math.round(points / 1e7)) > 1 ? 1 : 0);
    const others = isTied ? ranked.filter((one) => one.rank === rank && one.name !== name).map((one) => nameOf(one.name)) : [];
    const remarks = [others.length ? `Tied with ${others.join(', ')}` : '', row.margin].filter(Boolean).join('; ');
    Object.assign(cell('remarks'), { textContent: remarks, hidden: !remarks });
    line.toggleAttribute('data-selected', name === best?.name);
    return line;
  });
  body.replaceChildren(...lines);
  const count = document.querySelector('[data-count]');
  if (count) count.textContent = `${count.textContent.split(' · ')[0]}${kept.length < ranked.length ? ` · ${kept.length} ${count.dataset.within}` : ''}`;
}
