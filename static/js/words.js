// The words of the glossary on a page: the first use of each in a label opens its line, and the help lists all that the
// page uses. They are fetched when somebody first uses the page, so that they do not delay it.
const LABELS = 'h2, h3, dt, th, legend, .sub, .lead, .label, figcaption';
const NOT_IN = 'a, button, input, select, textarea, label, summary, code, svg, dialog, .prose, .glossary, .pill';
const dialogOf = () => document.querySelector('#help');
const lineOf = () => document.querySelector('#term-line');
let reading = null;

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function element(name, ...content) {
  const made = document.createElement(name);
  made.append(...content);
  return made;
}

/** The words by their form in a text, and what finds them. */
async function read() {
  const answer = await fetch(dialogOf().dataset.words);
  if (!answer.ok) return null;
  const lines = new Map();
  for (const word of await answer.json()) {
    const key = word.word.toLowerCase();
    lines.set(key, [...(lines.get(key) ?? []), word]);
  }
  const forms = [...lines.keys()].sort((a, b) => b.length - a.length).map(escaped);
  return { lines, pattern: new RegExp(`(?<![\\w-])(${forms.join('|')})(e?s)?(?![\\w-])`, 'gi') };
}

const known = () => (reading ??= read().catch(() => null));

function describe(words) {
  const line = lineOf();
  line.replaceChildren();
  for (const word of words) {
    line.append(element('p', element('b', word.word), ` ${word.text}`));
  }
}

function place(beside) {
  const line = lineOf();
  const box = beside.getBoundingClientRect();
  const width = Math.min(360, innerWidth - 24);
  line.style.width = `${width}px`;
  line.style.left = `${Math.max(12, Math.min(box.left, innerWidth - width - 12))}px`;
  line.style.top = `${box.bottom + 6}px`;
  const { bottom, height } = line.getBoundingClientRect();
  if (bottom > innerHeight - 12 && box.top - height - 6 > 12) line.style.top = `${box.top - height - 6}px`;
}

function mark(node, { lines, pattern }, used) {
  for (const match of node.data.matchAll(pattern)) {
    const key = match[1].toLowerCase();
    if (used.has(key)) continue;
    used.add(key);
    const word = node.splitText(match.index);
    const rest = word.splitText(match[0].length);
    const button = document.createElement('button');
    Object.assign(button, { type: 'button', className: 'term' });
    button.dataset.word = key;
    button.title = 'What this word means';
    word.replaceWith(button);
    button.append(word);
    return mark(rest, { lines, pattern }, used);
  }
}

async function markAll() {
  const words = await known();
  if (!words) return;
  const used = new Set([...document.querySelectorAll('main .term')].map((term) => term.dataset.word));
  const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT, (node) => {
    const parent = node.parentElement;
    return node.data.trim() && parent.closest(LABELS) && !parent.closest(NOT_IN) ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_SKIP;
  });
  const nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  for (const node of nodes) mark(node, words, used);
}

async function listAll() {
  const list = dialogOf().querySelector('[data-page-words]');
  const words = await known();
  const text = document.querySelector('main').innerText;
  const used = words ? new Set([...text.matchAll(words.pattern)].map((match) => match[1].toLowerCase())) : new Set();
  const found = [...used].sort().flatMap((key) => words.lines.get(key));
  const rows = found.map((word) => element('div', element('dt', word.word), element('dd', word.text)));
  const none = document.createElement('dd');
  none.className = 'sub';
  none.textContent = words ? 'This page uses no word of the glossary.' : 'The glossary could not be read. Open it by the link above.';
  list.replaceChildren(...(rows.length ? rows : [none]));
}

if (dialogOf() && lineOf()) {
  for (const kind of ['pointermove', 'keydown', 'touchstart']) addEventListener(kind, markAll, { once: true, passive: true });
  document.addEventListener('htmx:after:swap', () => reading && markAll());
  document.addEventListener('click', async (event) => {
    const term = event.target.closest('.term');
    if (term) {
      const words = await known();
      describe(words.lines.get(term.dataset.word));
      lineOf().showPopover({ source: term });
      place(term);
    }
    const help = event.target.closest('[data-help]');
    if (help && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      dialogOf().showModal();
      listAll();
    }
  });
}
