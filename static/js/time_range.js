// Keeps the top bar's time range true while a chart is zoomed: its label, and the times that "Copy link" gives away.
import { wallText } from './zone.js';

const picker = document.querySelector('[data-time-range]');
const label = picker?.querySelector('[data-range-label]');
const asLoaded = picker && { start: picker.dataset.startMs, end: picker.dataset.endMs, label: label?.textContent };

document.addEventListener('muster:range', ({ detail }) => {
  if (!picker) return;
  picker.dataset.startMs = detail?.start ?? asLoaded.start;
  picker.dataset.endMs = detail?.end ?? asLoaded.end;
  if (label) label.textContent = detail ? `${wallText(detail.start)} – ${wallText(detail.end)}` : asLoaded.label;
});
