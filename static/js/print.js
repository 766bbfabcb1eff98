// Paper: charts that were never in view are drawn before the browser prints, and all of them in the colours of the light
// theme, scaled to the width of the paper. Printing from the browser's own menu cannot wait for figures: where a chart is
// missing then, the style sheet prints its finding.
import { drawAll, redraw } from './charts.js';

const PATIENCE_MS = 8000;
const root = document.documentElement;
let theme = '';

async function print() {
  await Promise.race([drawAll(), new Promise((resolve) => { setTimeout(resolve, PATIENCE_MS); })]);
  window.print();
}

document.addEventListener('click', ({ target }) => {
  if (target.closest('[data-print]')) print();
});
document.addEventListener('keydown', (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== 'p') return;
  event.preventDefault();
  print();
});

addEventListener('beforeprint', () => {
  theme = root.dataset.bsTheme;
  root.dataset.bsTheme = 'light';
  redraw();
  for (const svg of document.querySelectorAll('.plot .main-svg')) {
    svg.setAttribute('viewBox', `0 0 ${svg.getAttribute('width')} ${svg.getAttribute('height')}`);
  }
});
addEventListener('afterprint', () => {
  root.dataset.bsTheme = theme;
  for (const svg of document.querySelectorAll('.plot .main-svg')) svg.removeAttribute('viewBox');
  redraw();
});
