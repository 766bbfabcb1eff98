// Light, dark or as the system says. The server writes data-bs-theme from the cookie, so nothing flashes on load.
import { keepPreference } from './preferences.js';

const root = document.documentElement;
const systemIsDark = matchMedia('(prefers-color-scheme: dark)');

const isDark = () => (root.dataset.bsTheme === 'system' ? systemIsDark.matches : root.dataset.bsTheme === 'dark');

function show() {
  for (const use of document.querySelectorAll('[data-theme-toggle] use')) {
    use.setAttribute('href', `${document.body.dataset.icons}#${isDark() ? 'sun' : 'moon'}`);
  }
  for (const button of document.querySelectorAll('[data-theme-choice]')) {
    button.setAttribute('aria-pressed', String(button.dataset.themeChoice === root.dataset.bsTheme));
  }
}

function choose(theme) {
  root.dataset.bsTheme = theme;
  keepPreference('theme', theme);
  changed();
}

function changed() {
  show();
  document.dispatchEvent(new CustomEvent('muster:theme', { detail: { dark: isDark() } }));
}

document.addEventListener('click', (event) => {
  const choice = event.target.closest('[data-theme-choice]');
  if (choice) choose(choice.dataset.themeChoice);
  else if (event.target.closest('[data-theme-toggle]')) choose(isDark() ? 'light' : 'dark');
});
systemIsDark.addEventListener('change', changed);
document.addEventListener('muster:page', show);
show();
