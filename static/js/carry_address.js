// A link that goes on with what the address says now: the explorer changes it after the page was served.
document.addEventListener('click', ({ target }) => {
  const link = target.closest?.('a[data-carry-address]');
  if (!link) return;
  const site = new URLSearchParams(link.search).get('site');
  const now = new URLSearchParams(window.location.search);
  const workload = new URLSearchParams(link.search).get('workload');
  if (workload && !now.get('workload')) now.set('workload', workload);
  if (site) now.set('site', site);
  link.search = now.toString();
}, true);
