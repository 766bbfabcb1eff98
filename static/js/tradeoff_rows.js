// The rows of the options table, filled from what was served, in the order of the ranks.

const MOST_ROWS = 100;

/** Whether an option lies within the ranges; what is unknown lies within none. */
export function within(option, ranges) {
  return Object.entries(ranges).every(([name, [low, high]]) => {
    const value = option.figures[name]?.value ?? null;
    return value !== null && (low === null || value >= low) && (high === null || value <= high);
  });
}

function made(row) {
  const line = document.querySelector('template[data-row]').content.firstElementChild.cloneNode(true);
  line.dataset.site = row.slug;
  line.id = `option-${row.slug}`;
  const cell = (name) => line.querySelector(`[data-cell="${name}"]`);
  Object.assign(cell('name'), { textContent: row.name, href: `/sites/${encodeURIComponent(row.slug)}/` });
  cell('place').textContent = row.place;
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

export function fillRows({ served, ranked, ranges }) {
  const body = document.querySelector('[data-options]');
  if (!body) return;
  const there = new Map([...body.rows].map((line) => [line.dataset.site, line]));
  const options = new Map(served.options.map((option) => [option.name, option]));
  const kept = ranked.filter(({ name }) => within(options.get(name), ranges));
  const best = kept.find(({ name, points }) => points > 0 && !options.get(name).row.step)?.name;
  const lines = kept.slice(0, MOST_ROWS).map(({ name, rank, points }) => {
    const line = there.get(name) ?? made(options.get(name).row);
    line.querySelector('[data-cell="rank"]').textContent = rank;
    line.querySelector('[data-cell="score"]').textContent = Math.round(points / 1e7);
    line.toggleAttribute('data-selected', name === best);
    return line;
  });
  body.replaceChildren(...lines);
  const count = document.querySelector('[data-count]');
  if (count) count.textContent = `${count.textContent.split(' · ')[0]}${kept.length < ranked.length ? ` · ${kept.length} ${count.dataset.within}` : ''}`;
}
