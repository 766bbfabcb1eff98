// Keeps the top bar's time range true while a chart is zoomed: its label, and the times that "Copy link" gives away.
import { wallText } from './zone.js';

const picker = () => document.querySelector('[data-time-range]');
const labelOf = (element) => element.querySelector('[data-range-label]');
let asLoaded;

function note() {
  const element = picker();
  asLoaded = element && { start: element.dataset.startMs, end: element.dataset.endMs, label: labelOf(element)?.textContent };
}

document.addEventListener('muster:range', ({ detail }) => {
  const element = picker();
  if (!element) return;
  element.dataset.startMs = detail?.start ?? asLoaded.start;
  element.dataset.endMs = detail?.end ?? asLoaded.end;
  const label = labelOf(element);
  if (label) label.textContent = detail ? `${wallText(detail.start)} – ${wallText(detail.end)}` : asLoaded.label;
});
document.addEventListener('muster:page', note);
note();
