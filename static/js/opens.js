// What the address asked to be done: the dialog or link with data-opens opens once, and the address forgets it.
function open() {
  const asked = document.querySelector('[data-opens]');
  if (!asked) return;
  const address = new URL(window.location);
  address.searchParams.delete('do');
  window.history.replaceState(window.history.state, '', address);
  if (asked.matches('dialog')) asked.showModal();
  else asked.click();
}
document.addEventListener('muster:page', open);
open();
