// What weights and ranges change of the explorer's figures; the server drew everything else of them.

const partOf = (trace) => trace.meta?.part;

/** The mark of the best match on another option. */
export function movedBest(figure, best, axes) {
  const at = axes.map((axis) => best?.figures[axis]?.value ?? null);
  const [x, y, customdata] = at.includes(null) ? [[], [], []] : [[at[0]], [at[1]], [best.name]];
  const data = figure.data.map((trace) => (partOf(trace) === 'best' ? { ...trace, x, y, customdata } : trace));
  return { ...figure, data };
}

/** Points of options outside the ranges fade; null: all are inside. */
export function dimmed(figure, inside) {
  const data = figure.data.map((trace) => {
    if (!['beaten', 'front'].includes(partOf(trace))) return trace;
    const { selectedpoints, unselected, ...plain } = trace;
    if (!inside) return plain;
    const chosen = trace.customdata.flatMap((site, place) => (inside.has(site) ? [place] : []));
    return { ...plain, selectedpoints: chosen, unselected: { marker: { opacity: 0.18 } } };
  });
  return { ...figure, data };
}

/** Lines coloured by the scores that weights give now. */
export function lineColours(figure, ranked) {
  if (!ranked.length || !figure.data.length) return figure;
  const points = new Map(ranked.map((one) => [one.name, one.points / 1e7]));
  const [trace] = figure.data;
  const color = trace.meta.sites.map((site) => points.get(site) ?? 0);
  const line = { ...trace.line, color, cmin: Math.min(...color), cmax: Math.max(...color) };
  return { ...figure, data: [{ ...trace, line }] };
}

/** The ranges as they were typed, on their axes. */
export function withRanges(figure, ranges) {
  if (!figure.data.length) return figure;
  const [trace] = figure.data;
  const dimensions = trace.dimensions.map((dimension, place) => {
    const kept = ranges[trace.meta.objectives[place]];
    const { constraintrange, ...plain } = dimension;
    if (!kept) return plain;
    const [low, high] = kept;
    return { ...plain, constraintrange: [low ?? Math.min(...dimension.values), high ?? Math.max(...dimension.values)] };
  });
  return { ...figure, data: [{ ...trace, dimensions }] };
}
