// A select of many options gets a search of its own: a combobox whose list holds what has the typed words. The select
// stays in the form, hidden, and has the value; without scripts it is what the reader chooses from. Many boxes to tick get
// a search above them; what is ticked stays in view.
const FEW = 15;
let numbers = 0;

const words = (text) => text.trim().toLowerCase();
const make = (tag, attributes) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

function enhance(select) {
  const id = `choice-${(numbers += 1)}`;
  const box = make('span', { class: 'choice-box' });
  const input = make('input', { id, type: 'text', role: 'combobox', class: `${select.className} form-control`, autocomplete: 'off', 'aria-controls': `${id}-list`, 'aria-autocomplete': 'list', 'aria-expanded': 'false' });
  for (const name of ['aria-label', 'aria-describedby', 'aria-invalid', 'autofocus']) if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
  const list = make('ul', { id: `${id}-list`, role: 'listbox', class: 'choice-list', 'aria-label': select.labels[0]?.textContent.trim() ?? select.getAttribute('aria-label') ?? '' });
  for (const label of [...select.labels]) label.htmlFor = id;
  [input.required, input.disabled, select.required, list.hidden, select.hidden] = [select.required, select.disabled, false, true, true];
  select.before(box);
  box.append(select, input, list);

  const chosen = () => list.querySelector('[aria-selected=true]');
  const show = () => {
    const option = select.selectedOptions[0];
    input.value = option?.value ? option.text : '';
    input.placeholder = select.options[0].value ? '' : select.options[0].text;
  };
  const mark = (item) => {
    chosen()?.setAttribute('aria-selected', 'false');
    item?.setAttribute('aria-selected', 'true');
    item?.scrollIntoView({ block: 'nearest' });
    input.setAttribute('aria-activedescendant', item?.id ?? '');
  };
  const open = (isOpen) => {
    list.hidden = !isOpen;
    input.setAttribute('aria-expanded', String(isOpen));
    if (!isOpen) input.removeAttribute('aria-activedescendant');
  };
  const find = (asked) => {
    const hits = [...select.options].filter((option) => words(asked).split(/\s+/).every((word) => words(option.text).includes(word)));
    list.replaceChildren(...hits.map((option) => {
      const item = make('li', { id: `${id}-${option.index}`, role: 'option', 'aria-selected': 'false', 'data-index': option.index });
      item.textContent = option.text;
      return item;
    }));
    if (!hits.length) list.append(Object.assign(make('li', { role: 'option', 'aria-disabled': 'true', 'aria-selected': 'false' }), { textContent: 'No match' }));
    open(true);
    mark(list.querySelector(asked ? '[data-index]' : `[data-index="${select.selectedIndex}"]`));
  };
  const choose = (item) => {
    if (item?.dataset.index) {
      select.selectedIndex = Number(item.dataset.index);
      select.dispatchEvent(new Event('change', { bubbles: true }));
    }
    show();
    open(false);
  };
  const step = (by) => {
    const items = [...list.querySelectorAll('[data-index]')];
    mark(items.at((items.indexOf(chosen()) + by) % items.length));
  };
  input.addEventListener('input', (event) => {
    event.stopPropagation(); // a form that is sent while somebody types is sent by what is chosen
    find(input.value);
  });
  input.addEventListener('change', (event) => event.stopPropagation());
  input.addEventListener('click', () => list.hidden && find(''));
  input.addEventListener('focus', () => input.select());
  input.addEventListener('blur', () => choose(list.hidden || input.value ? null : list.querySelector('[data-index="0"]')));
  input.addEventListener('keydown', (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by && list.hidden) find('');
    else if (by) step(by);
    else if (event.key === 'Enter' && !list.hidden) choose(chosen());
    else if (event.key === 'Escape' && !list.hidden) choose(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  list.addEventListener('pointerdown', (event) => {
    event.preventDefault(); // the focus stays in the input
    choose(event.target.closest('[data-index]'));
  });
  select.addEventListener('change', show);
  select.form?.addEventListener('reset', () => setTimeout(show));
  show();
}

function searchBoxes(list) {
  const legend = list.closest('fieldset').querySelector('legend').textContent.trim();
  const input = make('input', { type: 'search', class: 'form-control small', 'aria-label': `Search ${legend}`, placeholder: 'Search', autocomplete: 'off' });
  const nothing = make('p', { class: 'sub', role: 'status' });
  input.addEventListener('input', (event) => {
    event.stopPropagation(); // it chooses nothing yet
    const asked = words(input.value).split(/\s+/);
    let hits = 0;
    for (const label of list.children) {
      const isHit = asked.every((word) => words(label.textContent).includes(word));
      label.hidden = !isHit && !label.control.checked;
      hits += isHit;
    }
    nothing.textContent = hits ? '' : 'No match';
  });
  input.addEventListener('change', (event) => event.stopPropagation());
  input.addEventListener('keydown', (event) => event.key === 'Enter' && event.preventDefault());
  list.before(input, nothing);
  list.dataset.searched = '';
}

function adopt() {
  for (const list of document.querySelectorAll('.options:not([data-searched])')) if (list.children.length > FEW) searchBoxes(list);
  for (const select of document.querySelectorAll('select:not([multiple])')) {
    if (select.options.length > FEW && !select.closest('.choice-box')) enhance(select);
  }
}
document.addEventListener('htmx:after:swap', adopt);
adopt();
