// The side bar with names, or narrow with icons alone: the server lays it out by the cookie, so nothing moves on load.
import { keepPreference } from './preferences.js';

document.addEventListener('click', ({ target }) => {
  const button = target.closest('[data-side-toggle]');
  if (!button) return;
  const narrow = document.querySelector('.shell').classList.toggle('narrow');
  button.setAttribute('aria-expanded', String(!narrow));
  keepPreference('side', narrow ? 'narrow' : 'wide');
});

// On a narrow screen a bar of tabs scrolls; the present one is in view, also once counts have widened others.
function showTabs() {
  for (const tab of document.querySelectorAll('.tabs [aria-current]')) {
    const bar = tab.parentElement;
    const widths = new ResizeObserver(() => {
      bar.scrollLeft = tab.offsetLeft - bar.clientWidth / 2 + tab.offsetWidth / 2;
    });
    for (const each of [bar, ...bar.children]) widths.observe(each);
  }
}
document.addEventListener('muster:page', showTabs);
showTabs();
