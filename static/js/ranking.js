// Re-ranks served options while a weight is dragged. The formula, and what unknown means, are those of
// readiness/tradeoffs/core/ranking.py; both are held to the same vectors, bit for bit.
// The server decides what is feasible: only feasible options belong here.

export const ONE = 1_000_000_000;

const worseEnd = (figure) => figure?.high ?? figure?.value ?? Infinity;
const betterEnd = (figure) => figure?.low ?? figure?.value ?? -Infinity;

function turned(figure, direction) {
  const value = figure?.value ?? null;
  if (direction === 'max') {
    return { value: value === null ? null : -value, least: -worseEnd(figure), most: -betterEnd(figure) };
  }
  return { value, least: betterEnd(figure), most: worseEnd(figure) };
}

function within(value, best, worst) {
  if (worst === best) return value <= best ? 1 : 0;
  return (worst - Math.min(Math.max(value, best), worst)) / (worst - best);
}

function prepareObjective(options, { name, direction = 'min' }) {
  const cells = options.map(({ figures }) => turned(figures[name], direction));
  const known = cells.map(({ value }) => value).filter((value) => value !== null);
  if (!known.length) return { name, counted: cells.map(() => 0), low: cells.map(() => 0), high: cells.map(() => 1), unknown: cells.map(() => true), banded: cells.map(({ least, most }) => least !== most) };
  const best = known.reduce((a, b) => Math.min(a, b));
  const worst = known.reduce((a, b) => Math.max(a, b));
  return {
    name,
    counted: cells.map(({ value, most }) => within(value ?? most, best, worst)),
    low: cells.map(({ most }) => within(most, best, worst)),
    high: cells.map(({ least }) => within(least, best, worst)),
    unknown: cells.map(({ value }) => value === null),
    banded: cells.map(({ least, most }) => least !== most),
  };
}

/** Once for the options served: `options` [{name, figures: {objective: {value, low, high}}}], `objectives` [{name, direction}]. */
export function prepare(options, objectives) {
  return {
    names: options.map(({ name }) => name),
    objectives: objectives.map((objective) => prepareObjective(options, objective)),
  };
}

function weighed(objectives, weights) {
  const names = new Set(objectives.map(({ name }) => name));
  for (const [name, weight] of Object.entries(weights)) {
    if (!names.has(name)) throw new RangeError(`${name} is no objective here`);
    if (!Number.isFinite(weight) || weight < 0) throw new RangeError(`the weight of ${name} has to be 0 or more`);
  }
  const found = objectives.map(({ name }) => weights[name] ?? 0);
  if (!found.some((weight) => weight > 0)) throw new RangeError('at least one weight has to be above 0');
  return found;
}

function pointsOf(objectives, weights, part) {
  const count = objectives[0][part].length;
  const above = new Float64Array(count);
  let total = 0;
  objectives.forEach((objective, place) => {
    const weight = weights[place];
    if (!(weight > 0)) return;
    total += weight;
    for (let row = 0; row < count; row += 1) above[row] += weight * objective[part][row];
  });
  return Array.from(above, (sum) => Math.floor(sum / total * ONE + 0.5));
}

function howManyAbove(ordered, value) {
  let from = 0;
  let to = ordered.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (ordered[middle] <= value) from = middle + 1;
    else to = middle;
  }
  return ordered.length - from;
}

const ascending = (values) => Float64Array.from(values).sort();

// Drawing level is above where one of the two is uncertain: its figure may lie beyond the ends that count.
function worstRanks(low, high, uncertain) {
  const all = ascending(high);
  const doubtful = ascending(high.filter((_, row) => uncertain[row]));
  return low.map((end, row) => (
    // An uncertain option is itself among those that are level with its worse end or above.
    uncertain[row] ? howManyAbove(all, end - 1) : 1 + howManyAbove(all, end) + howManyAbove(doubtful, end - 1) - howManyAbove(doubtful, end)
  ));
}

/** The options by rank, then by name: [{name, rank, points, low, high, best_rank, worst_rank, unknown}]. */
export function rank(prepared, weights) {
  const found = weighed(prepared.objectives, weights);
  const [points, low, high] = ['counted', 'low', 'high'].map((part) => pointsOf(prepared.objectives, found, part));
  const [byPoints, byLow] = [points, low].map(ascending);
  const counting = prepared.objectives.filter((_, place) => found[place] > 0);
  const worst = worstRanks(low, high, low.map((_, row) => counting.some(({ banded }) => banded[row])));
  return prepared.names
    .map((name, row) => ({
      name,
      rank: 1 + howManyAbove(byPoints, points[row]),
      points: points[row],
      low: low[row],
      high: high[row],
      best_rank: 1 + howManyAbove(byLow, high[row]),
      worst_rank: worst[row],
      unknown: counting.filter(({ unknown }) => unknown[row]).map((objective) => objective.name),
    }))
    .sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : Number(a.name > b.name)));
}
