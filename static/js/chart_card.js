// What a chart's card says of it follows the figure: heading, names of buttons, foot, and the range of its file.

function follow(element, title) {
  const heading = document.getElementById(`h-${element.id}`);
  if (!heading || !title || heading.textContent === title) return;
  const before = heading.textContent;
  heading.textContent = title;
  for (const named of heading.closest('section')?.querySelectorAll('[aria-label]') ?? []) {
    named.setAttribute('aria-label', named.getAttribute('aria-label').replace(before, () => title));
  }
}

/** The file holds what is drawn: the range of a zoom, or the page's own again. */
function followFile(element, range) {
  const file = element.closest('section')?.querySelector('a[download]');
  if (!file) return;
  const own = new URL(element.dataset.chartUrl, location.href).searchParams;
  const url = new URL(file.href);
  for (const name of ['start', 'end']) {
    const value = range?.[name] ?? own.get(name);
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  file.setAttribute('href', url.pathname + url.search);
}

/** No choice of a span is the one shown while a zoom is. */
function followSpans(element, range) {
  for (const link of element.closest('section')?.querySelectorAll('.segments a:not([data-chart-switch])') ?? []) {
    if (range && link.hasAttribute('aria-current')) {
      link.removeAttribute('aria-current');
      link.dataset.wasCurrent = '';
    } else if (!range && 'wasCurrent' in link.dataset) {
      link.setAttribute('aria-current', 'true');
      delete link.dataset.wasCurrent;
    }
  }
}

export function describe(element, { meta }, range) {
  if (meta?.finding) element.setAttribute('aria-label', meta.finding);
  follow(element, meta?.title);
  if ('chartZoom' in element.dataset) {
    followFile(element, range);
    followSpans(element, range);
  }
  const foot = document.querySelector(`[data-chart-foot="${CSS.escape(element.id)}"]`);
  if (!foot || (meta?.footer === undefined && meta?.foot_right === undefined)) return;
  foot.hidden = !meta.footer && !meta.foot_right;
  foot.querySelector('[data-foot-left]').textContent = meta.footer ?? '';
  foot.querySelector('[data-foot-right]').textContent = meta.foot_right ?? '';
  foot.querySelector('[data-foot-links]')?.replaceChildren(
    ...(meta.links ?? []).map(({ text, url }) => Object.assign(document.createElement('a'), { textContent: text, href: url })),
  );
}
