// Single-key shortcuts: `/` to search, and whatever carries data-shortcut ("r", "g f"). They can be switched off
// (WCAG 2.1.4), never act while someone types, and leave combinations with Ctrl, Alt or Meta alone.
import { openPalette } from './palette.js';
import { keepPreference } from './preferences.js';
import { actOnFocusedRow, actOnRows } from './rows.js';

const PAUSE_MS = 1200; // longest time between the keys of a sequence
let typed = '';
let timer = 0;

const isTyping = (element) => element?.closest('input:not([type="checkbox"]), select, textarea, [contenteditable]') != null;
const areOff = () => document.body.dataset.shortcuts === 'off';

function follow(element) {
  if (element.matches('summary')) {
    element.focus();
    element.parentElement.open = true;
  } else {
    element.click();
  }
}

function press(key) {
  clearTimeout(timer);
  timer = setTimeout(() => (typed = ''), PAUSE_MS);
  if (key === '/') return openPalette();
  if (!typed && actOnFocusedRow(key)) return true;
  typed = `${typed} ${key}`.trim().split(' ').slice(-2).join(' ');
  for (const keys of [typed, key]) {
    const element = document.querySelector(`[data-shortcut="${CSS.escape(keys)}"]`);
    if (element) {
      typed = '';
      follow(element);
      return true;
    }
  }
  return actOnRows(key);
}

document.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k' && !event.altKey) {
    if (openPalette()) event.preventDefault();
    return;
  }
  if (areOff() || event.ctrlKey || event.altKey || event.metaKey || event.key.length !== 1) return;
  if (isTyping(document.activeElement) || document.querySelector('dialog[open]')) return;
  if (press(event.key)) event.preventDefault();
});

document.addEventListener('change', (event) => {
  if (!event.target.matches('[data-shortcuts-switch]')) return;
  const wish = event.target.checked ? 'on' : 'off';
  document.body.dataset.shortcuts = wish;
  keepPreference('shortcuts', wish);
});
