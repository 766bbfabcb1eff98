// Re-ranks served options while a weight is dragged. The formula, and what unknown means, are those of
// readiness/tradeoffs/placing/core/ranking.py; both are held to the same vectors, bit for bit.
// The server decides what is feasible: only feasible options belong here.

export const ONE = 1_000_000_000;

const leastOf = (figure) => figure?.low ?? figure?.value ?? -Infinity;
const mostOf = (figure) => figure?.high ?? figure?.value ?? Infinity;

function scored(figure, { direction = 'min', scale = null, reference = null }) {
  const moreIsBetter = direction === 'max';
  const x = Math.max(figure, 0);
  if (scale !== null) {
    const within = Math.min(x, scale);
    return (moreIsBetter ? within : scale - within) / scale;
  }
  const against = Math.max(reference, 0);
  if (against === 0) return moreIsBetter || x === 0 ? 1 : 0;
  if (!moreIsBetter) return against / (against + x);
  return x === Infinity ? 1 : x / (against + x);
}

function prepareObjective(options, objective) {
  const { name, direction = 'min', scale = null, reference = null } = objective;
  const isScored = scale !== null || reference !== null;
  const figures = options.map((option) => option.figures[name]);
  const [worse, better] = direction === 'max' ? [leastOf, mostOf] : [mostOf, leastOf];
  const all = (end) => figures.map((figure) => (isScored ? scored(end(figure), objective) : 0));
  return {
    name,
    isScored,
    counted: all((figure) => figure?.value ?? worse(figure)),
    low: all(worse),
    high: all(better),
    unknown: figures.map((figure) => (figure?.value ?? null) === null),
  };
}

/** Once for the options served: `options` [{name, figures: {objective: {value, low, high}}}], `objectives` [{name, direction, scale, reference}]. */
export function prepare(options, objectives) {
  return {
    names: options.map(({ name }) => name),
    objectives: objectives.map((objective) => prepareObjective(options, objective)),
  };
}

function weighed(objectives, weights) {
  const names = new Set(objectives.map(({ name }) => name));
  for (const [name, weight] of Object.entries(weights)) {
    if (!names.has(name)) throw new RangeError(`${name} is not an objective here`);
    if (!Number.isFinite(weight) || weight < 0) throw new RangeError(`the weight of ${name} has to be 0 or more`);
  }
  if (!objectives.some(({ name }) => weights[name] > 0)) throw new RangeError('at least one weight has to be above 0');
  return objectives.map(({ name, isScored }) => (isScored ? weights[name] ?? 0 : 0));
}

function pointsOf(count, objectives, weights, part) {
  const above = new Float64Array(count);
  let total = 0;
  objectives.forEach((objective, place) => {
    const weight = weights[place];
    if (!(weight > 0)) return;
    total += weight;
    for (let row = 0; row < count; row += 1) above[row] += weight * objective[part][row];
  });
  return Array.from(above, (sum) => (total === 0 ? 0 : Math.floor(sum / total * ONE + 0.5)));
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

/** The options by rank, then by name: [{name, rank, points, low, high, best_rank, worst_rank, unknown}]. */
export function rank(prepared, weights) {
  const { names, objectives } = prepared;
  const counting = weighed(objectives, weights);
  const [points, low, high] = ['counted', 'low', 'high'].map((part) => pointsOf(names.length, objectives, counting, part));
  const [byPoints, byLow, byHigh] = [points, low, high].map(ascending);
  return names
    .map((name, row) => ({
      name,
      rank: 1 + howManyAbove(byPoints, points[row]),
      points: points[row],
      low: low[row],
      high: high[row],
      best_rank: 1 + howManyAbove(byLow, high[row]),
      // An option with a band is above its own worse end.
      worst_rank: 1 + howManyAbove(byHigh, low[row]) - Number(high[row] > low[row]),
      unknown: objectives.filter(({ unknown }, place) => counting[place] > 0 && unknown[row]).map((objective) => objective.name),
    }))
    .sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : Number(a.name > b.name)));
}
