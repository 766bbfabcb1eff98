// The side bar with names, or narrow with icons alone: the server lays it out by the cookie, so nothing moves on load.
import { keepPreference } from './preferences.js';

document.addEventListener('click', ({ target }) => {
  const button = target.closest('[data-side-toggle]');
  if (!button) return;
  const narrow = document.querySelector('.shell').classList.toggle('narrow');
  button.setAttribute('aria-expanded', String(!narrow));
  keepPreference('side', narrow ? 'narrow' : 'wide');
});
