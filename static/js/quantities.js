// Numbers and days in the words of web/units.py.

const LEAST_SHOWN = 0.005;
const POWER_UNITS = [[1e6, 1e-6, 'GW'], [1e3, 1e-3, 'MW']];
const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const formats = new Map();

function formatFor(decimals) {
  if (!formats.has(decimals)) formats.set(decimals, new Intl.NumberFormat('en-GB', { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));
  return formats.get(decimals);
}

/** As Python rounds: by the exact value, and a half to the even digit. */
export function round(value, decimals) {
  const [whole, rest] = value.toFixed(60).split('.');
  const isHalf = /^50*$/.test(rest.slice(decimals));
  const below = `${whole}.${rest.slice(0, decimals)}`;
  return Number(isHalf && /[02468]\.?$/.test(below) ? below : value.toFixed(decimals));
}

function decimalsFor(value) {
  if (value === 0 || Math.abs(value) >= 99.95) return 0;
  return Math.abs(value) >= 1 ? 1 : 2;
}

export function number(value, decimals = Number.isInteger(value) ? 0 : decimalsFor(value)) {
  if (value > 0 && value < LEAST_SHOWN && decimals === decimalsFor(value)) return `<${formatFor(2).format(2 * LEAST_SHOWN)}`;
  return formatFor(decimals).format(round(value, decimals));
}

/** A power in its own unit: "12.4 MW", "20.0 kW". */
export function power(kw) {
  const [, factor, unit] = POWER_UNITS.find(([least]) => kw >= least) ?? [0, 1, 'kW'];
  // Multiplied, as Python does: a quotient may round to the other side.
  return `${number(kw * factor, unit === 'kW' ? decimalsFor(kw) : 1)} ${unit}`;
}

/** "2026-12-12" → "12 Dec 2026". */
export function dayText(day) {
  const [year, month, date] = day.split('-').map(Number);
  return `${date} ${MONTHS[month - 1].slice(0, 3)} ${year}`;
}

/** Whether a month needs no year beside it: within eleven months of that day. */
const isNear = (month, today) => {
  const [year, place] = month.split('-').map(Number);
  return 12 * year + place - 12 * Number(today.slice(0, 4)) - Number(today.slice(5, 7)) < 12;
};

/** "2026-12" → "December"; with the year where it is far from `today`. */
export const monthName = (month, today) => `${MONTHS[Number(month.slice(5)) - 1]}${isNear(month, today) ? '' : ` ${month.slice(0, 4)}`}`;

/** "2026-12" → "31 Dec". */
export function monthEnd(month, today) {
  const [year, place] = month.split('-').map(Number);
  const end = new Date(Date.UTC(year, place, 0)).getUTCDate();
  return `${end} ${MONTHS[place - 1].slice(0, 3)}${isNear(month, today) ? '' : ` ${year}`}`;
}

export const plural = (count, one, many) => `${number(count)} ${count === 1 ? one : many}`;
