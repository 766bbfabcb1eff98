// Menus are details elements: they open without scripts. Here they close on Escape, on a click elsewhere and when
// the focus leaves them. Dialog buttons use command/commandfor; older browsers get the same behaviour from here.

const openMenus = () => document.querySelectorAll('details.menu[open]');

function close(menu, { focus = false } = {}) {
  menu.open = false;
  if (focus) menu.querySelector('summary').focus();
}

document.addEventListener('click', (event) => {
  for (const menu of openMenus()) {
    const inside = menu.contains(event.target);
    const chosen = inside && event.target.closest('.menu-item') && !menu.hasAttribute('data-keep-open');
    if (!inside || chosen) close(menu);
  }
});

// Applied by its button, a form in a menu is done with; left open over a list that became shorter, the menu would take
// the next click, and closing would move the page under it.
document.addEventListener('submit', (event) => {
  const menu = event.submitter && event.target.closest('details.menu[open]');
  if (menu) close(menu);
});

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  const menus = [...openMenus()];
  for (const menu of menus) close(menu, { focus: menu.contains(document.activeElement) });
  const isElsewhere = menus.length > 0 || document.querySelector('dialog[open]') || event.target.closest('input, select, textarea');
  if (!isElsewhere) document.querySelector('[data-escape]')?.click();
});

document.addEventListener('focusin', (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) close(menu);
});

if (!('command' in HTMLButtonElement.prototype)) {
  document.addEventListener('click', (event) => {
    const button = event.target.closest('button[commandfor]');
    const dialog = button && document.getElementById(button.getAttribute('commandfor'));
    if (!dialog) return;
    if (button.getAttribute('command') === 'show-modal') dialog.showModal();
    else if (button.getAttribute('command') === 'close') dialog.close();
  });
}

// A click on the backdrop closes a dialog, as people expect.
document.addEventListener('click', (event) => {
  const dialog = event.target;
  if (!(dialog instanceof HTMLDialogElement) || !dialog.open) return;
  const box = dialog.getBoundingClientRect();
  const outside = event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
  if (outside) dialog.close();
});
