// The line "With the fixes" of the chart over the months, as readiness/boards/road/charts.py draws it.
import { round } from './quantities.js';
import { steps, totals } from './road_sums.js';

const BEYOND_MS = 14 * 86_400_000;
const ms = (day) => Date.parse(`${day}T00:00Z`);

/** The figure with the line of these ticks. */
export function withFixes(figure, trips, today) {
  const deployed = figure.data.find(({ meta }) => meta?.role === 'deployed');
  if (!deployed) return figure;
  const sums = totals(trips);
  const factor = deployed.y[0] / sums.deployed;
  const points = steps(trips).filter(([day]) => day > today);
  const levels = [sums.ready, ...points.map(([, total]) => total)];
  const end = Math.max(deployed.x.at(-1), ...points.slice(-1).map(([day]) => ms(day) + BEYOND_MS));
  const x = [ms(today), ...points.map(([day]) => ms(day)), end];
  const y = [...levels, levels.at(-1)].map((size) => round(size * factor, 3));
  return { ...figure, data: figure.data.map((trace) => (trace.meta?.line === 'fixes' ? { ...trace, x, y } : trace)) };
}
