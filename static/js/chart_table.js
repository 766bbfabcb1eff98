// The figures of a chart as a table: the way to a chart for those who cannot see or point at it.
import { wallText } from './zone.js';

const MOST_ROWS = 500;

function shown(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (typeof value !== 'number') return String(value);
  return value.toLocaleString(undefined, Math.abs(value) < 1 ? { maximumSignificantDigits: 4 } : { maximumFractionDigits: 3 });
}

const isNumeric = (value) => typeof value === 'number';

function parallelTable(trace) {
  const { dimensions } = trace;
  return {
    columns: dimensions.map((dimension) => dimension.label),
    rows: (dimensions[0]?.values ?? []).map((_, row) => dimensions.map((dimension) => dimension.values[row])),
  };
}

function sankeyTable({ node, link }) {
  return { columns: ['', '', ''], rows: link.value.map((value, i) => [node.label[link.source[i]], node.label[link.target[i]], value]) };
}

function heatmapTable({ x, y, z }) {
  return { columns: ['', ...x], rows: y.map((name, row) => [name, ...z[row]]) };
}

const headed = ({ name, meta }) => (meta?.unit ? `${name} (${meta.unit})` : (name ?? ''));

function seriesTable(traces, layout, timeLabel) {
  const ofMoments = layout?.yaxis?.type === 'date';
  const isTime = layout?.xaxis?.type === 'date';
  const named = traces.filter((trace) => trace.x && trace.hoverinfo !== 'skip');
  const values = new Map();
  named.forEach((trace, column) => {
    trace.x.forEach((x, index) => {
      if (!values.has(x)) values.set(x, Array(named.length).fill(null));
      values.get(x)[column] = trace.y[index];
    });
  });
  const keys = [...values.keys()];
  if (isTime) keys.sort((a, b) => (a < b ? -1 : 1));
  const first = (x) => (isTime && typeof x === 'number' ? wallText(x) : x);
  return {
    columns: [isTime ? timeLabel : (layout?.xaxis?.title?.text ?? ''), ...named.map(headed)],
    rows: keys.map((x) => [first(x), ...(ofMoments ? values.get(x).map((y) => y && wallText(y)) : values.get(x))]),
  };
}

/** `{columns, rows}` for a figure as the server sent it; `meta.table` wins. */
export function figureTable({ data, layout, meta }, { timeLabel }) {
  if (meta?.table) return meta.table;
  switch (data[0]?.type) {
    case 'parcoords': return parallelTable(data[0]);
    case 'sankey': return sankeyTable(data[0]);
    case 'heatmap': return heatmapTable(data[0]);
    default: return seriesTable(data, layout, timeLabel);
  }
}

function cell(tag, value, numeric) {
  return Object.assign(document.createElement(tag), { textContent: shown(value), className: numeric ? 'numeric num' : '' });
}

/** An element with the table, newest rows first when there are too many to show. */
export function buildTable({ columns, rows }, { label }) {
  const table = document.createElement('table');
  table.className = 'table';
  const head = table.createTHead().insertRow();
  const numeric = columns.map((_, index) => rows.some((row) => isNumeric(row[index])));
  columns.forEach((column, index) => {
    const heading = Object.assign(document.createElement('th'), { scope: 'col', textContent: column });
    if (numeric[index]) heading.className = 'numeric';
    if (!column) heading.append(Object.assign(document.createElement('span'), { className: 'visually-hidden', textContent: label }));
    head.append(heading);
  });
  const body = table.createTBody();
  for (const row of rows.length > MOST_ROWS ? rows.slice(-MOST_ROWS) : rows) {
    const line = body.insertRow();
    row.forEach((value, index) => {
      const element = cell(index ? 'td' : 'th', value, numeric[index]);
      if (!index) element.scope = 'row';
      line.append(element);
    });
  }
  const frame = document.createElement('div');
  frame.className = 'chart-table table-scroll';
  frame.tabIndex = 0;
  frame.setAttribute('role', 'region');
  frame.setAttribute('aria-label', label);
  frame.append(table);
  return frame;
}
