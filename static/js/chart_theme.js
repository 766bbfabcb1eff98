// From a figure without colours to a figure in the page's colours. The server names roles ("gap", "limit"); colours,
// fonts and grid come from the tokens in static/css/tokens.css, so light, dark and charts cannot drift apart.
import { inZone, pageZone } from './zone.js';

const FONT = 'Inter, system-ui, sans-serif';
const NARROW_PX = 560;
const SERIES = ['accent', 'network', 'energy', 'compute', 'pillar-2', 'unknown-mark'];
const TOKENS = {
  conditional: 'gap', limit: 'bad-mark', incident: 'gap', maintenance: 'unknown-mark', today: 'border-strong', event: 'text-3',
  projected: 'text-3', muted: 'border-strong', ok: 'ok-mark', warn: 'warn-mark', bad: 'bad-mark', unknown: 'unknown-mark',
};
const TEXT_TOKENS = {
  limit: 'bad', bad: 'bad', gap: 'warn', conditional: 'warn', incident: 'warn', warn: 'warn', ok: 'ok', ready: 'ready',
  accent: 'accent', text: 'text', today: 'text-3', event: 'text', muted: 'text-3', maintenance: 'text-3', unknown: 'unknown',
};

const probe = document.createElement('i');
probe.hidden = true;
probe.style.forcedColorAdjust = 'none'; // else every token would be the system's one text colour

/** The colour a token has now, as rgb() text that Plotly understands. */
export function token(name) {
  if (!probe.isConnected) document.body.append(probe);
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}

function seeThrough(colour, alpha) {
  const [red, green, blue] = colour.match(/[\d.]+/g);
  return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
}

const rolesOf = (name) => (name ?? '').split(' ');
const tokenOf = (role) => (/^series-\d$/.test(role) ? SERIES[(role.slice(7) - 1) % SERIES.length] : (TOKENS[role] ?? role));
const colourOf = (role) => token(tokenOf(role));

function pattern(role, colour, background) {
  if (role === 'gap') return { shape: '/', size: 7, solidity: 0.16, fgcolor: colour, bgcolor: background };
  if (role === 'conditional') return { shape: '.', size: 6, solidity: 0.2, fgcolor: colour, bgcolor: background };
  return undefined;
}

function paintLines(trace, role, colour) {
  const painted = { ...trace, line: { width: 1.6, ...trace.line, color: colour } };
  painted.marker = { ...trace.marker, color: trace.marker?.color ?? colour };
  // Thin symbols are all outline.
  if (trace.marker?.symbol?.endsWith?.('-thin')) painted.marker.line = { ...trace.marker.line, color: colour };
  if (trace.fill && trace.fill !== 'none') {
    painted.fillcolor = seeThrough(colour, role === 'gap' || role === 'conditional' ? 0.13 : trace.stackgroup ? 0.35 : 0.1);
    const hatching = trace.meta?.plain ? undefined : pattern(role, colour, painted.fillcolor);
    if (hatching) painted.fillpattern = hatching;
  }
  return painted;
}

function paintBars(trace, role, colour) {
  const hatching = pattern(role, colour, seeThrough(colour, 0.13));
  if (!hatching) return { ...trace, marker: { ...trace.marker, color: colour } };
  return { ...trace, marker: { ...trace.marker, color: hatching.bgcolor, line: { color: colour, width: 1 }, pattern: hatching } };
}

function paintHeatmap(trace) {
  const stops = trace.meta?.stops ?? [[0, 'accent-bg'], [1, 'accent']];
  const colorscale = stops.map(([share, name]) => [share, token(name)]);
  return { showscale: false, xgap: 2, ygap: 2, ...trace, colorscale };
}

function paintParallel(trace, isNarrow) {
  const scale = [[0, token('unknown-mark')], [0.7, token('unknown-mark')], [0.78, token('accent')], [1, token('accent')]];
  const { short } = trace.meta ?? {};
  const dimensions = isNarrow && short ? trace.dimensions.map((dimension, place) => ({ ...dimension, label: short[place] })) : trace.dimensions;
  return {
    ...trace,
    dimensions,
    line: { colorscale: scale, ...trace.line },
    unselected: { line: { color: token('border'), opacity: 0.25 } },
    labelfont: { size: isNarrow ? 10.5 : 12.5, color: token('text') },
    tickfont: { size: 11, color: token('text-3') },
    rangefont: { size: 1, color: 'rgba(0,0,0,0)' },
  };
}

function paintSankey(trace) {
  const roles = trace.meta?.node_roles ?? [];
  const colours = (trace.node?.label ?? []).map((_, index) => colourOf(roles[index] ?? 'muted'));
  const links = (trace.link?.source ?? []).map((source) => seeThrough(colours[source] ?? token('border-strong'), 0.25));
  return { ...trace, node: { ...trace.node, color: colours, line: { width: 0 } }, link: { ...trace.link, color: links } };
}

function paint(trace, index, isNarrow) {
  const role = trace.meta?.role ?? `series-${(index % SERIES.length) + 1}`;
  switch (trace.type) {
    case 'bar': return paintBars(trace, role, colourOf(role));
    case 'heatmap': return paintHeatmap(trace);
    case 'parcoords': return paintParallel(trace, isNarrow);
    case 'sankey': return paintSankey(trace);
    default: return paintLines(trace, role, colourOf(role));
  }
}

function paintShape(shape) {
  const [role] = rolesOf(shape.name);
  const colour = colourOf(role || 'muted');
  if (shape.type === 'rect') return { layer: 'below', ...shape, fillcolor: seeThrough(colour, 0.14), line: { width: 0 } };
  return { ...shape, line: { width: 1.2, dash: 'dot', ...shape.line, color: colour } };
}

function paintAnnotation(annotation) {
  const [role, ...manner] = rolesOf(annotation.name);
  const font = { size: 11.5, ...annotation.font, color: token(TEXT_TOKENS[role] ?? 'text-2') };
  const painted = { showarrow: false, ...annotation, font };
  if (manner.includes('boxed')) {
    Object.assign(painted, { bgcolor: token('surface'), bordercolor: colourOf(role), borderwidth: 1, borderpad: 3 });
  }
  if (painted.showarrow) Object.assign(painted, { arrowcolor: token('text-3'), arrowwidth: 1, arrowhead: 0 });
  return painted;
}

const AXIS = () => ({
  gridcolor: token('chart-grid'), linecolor: token('border'), zerolinecolor: token('border'), tickcolor: token('border'),
  spikecolor: token('border-strong'), spikethickness: 1, spikedash: 'dot', spikemode: 'across', automargin: true,
  tickfont: { color: token('text-3'), size: 11.5 },
});

function dressAxis(axis, defaults) {
  const title = typeof axis.title === 'string' ? { text: axis.title } : axis.title;
  const dressed = { ...defaults, ...axis, tickfont: { ...defaults.tickfont, ...axis.tickfont, color: defaults.tickfont.color } };
  if (title) dressed.title = { ...title, font: { size: 12, ...title.font, color: token('text-2') } };
  return dressed;
}

function dressLayout(layout, { zoomable }) {
  const defaults = AXIS();
  const dressed = {
    margin: { l: 46, r: 12, t: 10, b: 30 }, showlegend: false, dragmode: zoomable ? 'zoom' : false, ...layout,
    paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)',
    font: { family: FONT, size: 12, color: token('text-2') },
    hoverlabel: { bgcolor: token('surface'), bordercolor: token('border-strong'), font: { family: FONT, size: 12.5, color: token('text') } },
    shapes: (layout.shapes ?? []).map(paintShape),
    annotations: (layout.annotations ?? []).map(paintAnnotation),
  };
  for (const name of new Set(['xaxis', 'yaxis', ...Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key))])) {
    dressed[name] = dressAxis(layout[name] ?? {}, defaults);
    // Only time is zoomed: the height of a line must not change with the drag.
    if (zoomable && name.startsWith('y')) dressed[name].fixedrange = true;
  }
  return dressed;
}

function merge(target, patch) {
  const merged = { ...target };
  for (const [key, value] of Object.entries(patch ?? {})) {
    const nested = value !== null && typeof value === 'object' && !Array.isArray(value);
    merged[key] = nested ? merge(target[key] ?? {}, value) : value;
  }
  return merged;
}

/** `{data, layout, meta}` of the server → data and layout ready to draw in a plot of this width; `mark` adds to the layout. */
export function dress(figure, { width, zoomable, mark = (layout) => layout }) {
  const isNarrow = width < NARROW_PX;
  const layout = isNarrow ? merge(figure.layout ?? {}, figure.meta?.narrow) : (figure.layout ?? {});
  const timed = inZone({ data: figure.data, layout: mark(layout) }, figure.meta?.zone ?? pageZone());
  return { data: timed.data.map((trace, index) => paint(trace, index, isNarrow)), layout: dressLayout(timed.layout, { zoomable }) };
}
