// What weights and ranges change of the explorer's figures; the server drew everything else of them.

const partOf = (trace) => trace.meta?.part;

/** The ring and its label on another option. */
export function movedBest(figure, best, [x, y]) {
  const at = best ? [best.figures[x]?.value ?? null, best.figures[y]?.value ?? null] : [null, null];
  const known = at.every((value) => value !== null);
  const data = figure.data.map((trace) => (partOf(trace) === 'best'
    ? { ...trace, x: known ? [at[0]] : [], y: known ? [at[1]] : [], customdata: known ? [best.name] : [], text: known ? [best.row.name] : [] }
    : trace));
  const others = (figure.layout.annotations ?? []).filter(({ name }) => name !== 'text');
  const label = { name: 'text', x: at[0], y: at[1], text: best?.row.name, showarrow: true, ax: 34, ay: -34 };
  return { ...figure, data, layout: { ...figure.layout, annotations: known ? [...others, label] : others } };
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
