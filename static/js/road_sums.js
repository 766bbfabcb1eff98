// When each site is ready, with the ticked fixes and without, and what that adds up to: as readiness/boards/road/core says
// it for the same address. Days are texts, "2026-12-12", so that the later of two is the larger one.

const latest = (days) => (days.length === 0 || days.includes(null) ? null : days.reduce((a, b) => (a > b ? a : b)));

// A fix changes nothing that is planned for its day or before.
const isLater = (date, day) => date === null || day < date;

/** The blockers that these fixes resolve sooner by their day. */
function fixedBlockers(sites, fixes) {
  const days = new Map(fixes.map(({ key, date }) => [key, date]));
  const open = sites.flatMap(({ state, blockers }) => (state === 'ready' ? [] : blockers));
  return open.filter(({ fix, date }) => days.has(fix) && isLater(date, days.get(fix)));
}

/** The keys of the fixes that change anything. */
export const usefulFixes = ({ sites, fixes }) => new Set(fixedBlockers(sites, fixes).map(({ fix }) => fix));

/** What the ticked fixes cost, by currency. */
export function costs({ sites, fixes }, ticks) {
  const amounts = new Map();
  for (const { cost } of fixedBlockers(sites, fixes.filter(({ key }) => ticks.has(key)))) {
    if (cost) amounts.set(cost[0], (amounts.get(cost[0]) ?? 0) + cost[1]);
  }
  return amounts;
}

/** Each site's way with these ticks: {site, state, readyOn, month, isTicked, isSooner}. */
export function travel({ sites, fixes }, ticks) {
  const days = new Map(fixes.filter(({ key }) => ticks.has(key)).map(({ key, date }) => [key, date]));
  const isFixed = ({ fix, date }) => days.has(fix) && isLater(date, days.get(fix));
  return sites.map((site) => {
    const isTicked = site.state !== 'ready' && site.blockers.some(isFixed);
    if (!isTicked) return { site, state: site.state, readyOn: site.ready_on, month: site.month, isTicked, isSooner: false };
    const readyOn = latest(site.blockers.map((blocker) => (isFixed(blocker) ? days.get(blocker.fix) : blocker.date)));
    const isSooner = readyOn !== null && (site.ready_on === null || readyOn < site.ready_on);
    return { site, state: readyOn ? 'dated' : 'undated', readyOn, month: readyOn?.slice(0, 7) ?? null, isTicked, isSooner };
  });
}

export const sum = (trips) => trips.reduce((total, { site }) => total + site.size, 0);

/** A site that two ticks free counts once. */
export function totals(trips) {
  const freed = trips.filter(({ isSooner }) => isSooner);
  const undated = trips.filter(({ state }) => state === 'undated');
  const waiting = trips.filter(({ state }) => state !== 'ready');
  return {
    deployed: sum(trips), ready: sum(trips) - sum(waiting), waiting: sum(waiting), undated: sum(undated), planned: sum(trips) - sum(undated),
    freed: sum(freed), freedSites: freed.length, freedBy: latest(freed.map(({ readyOn }) => readyOn)),
  };
}

/** [day, what is ready from then on], for each day on which sites become ready. */
export function steps(trips) {
  const gains = new Map();
  for (const { site, state, readyOn } of trips) if (state === 'dated') gains.set(readyOn, (gains.get(readyOn) ?? 0) + site.size);
  let total = totals(trips).ready;
  return [...gains.keys()].sort().map((day) => [day, (total += gains.get(day))]);
}
