// Copies a text, the text of another element, or the address of the page. A copied address names absolute times,
// so that a colleague sees the same hours tomorrow.

const SHOWN_MS = 2000;

export function absoluteAddress(address, range) {
  const url = new URL(address);
  if (range?.dataset.startMs) {
    url.searchParams.set('start', range.dataset.startMs);
    url.searchParams.set('end', range.dataset.endMs);
  }
  return url.href;
}

function textFor(button) {
  if ('copyLink' in button.dataset) return absoluteAddress(location.href, document.querySelector('[data-time-range]'));
  if (button.dataset.copyFrom) return document.querySelector(button.dataset.copyFrom)?.textContent.trim() ?? '';
  if (button.dataset.copyAddress) return new URL(button.dataset.copyAddress, location.href).href;
  return button.dataset.copy;
}

async function write(text) {
  try {
    return await navigator.clipboard.writeText(text);
  } catch {
    // Plain HTTP on another host has no clipboard API, and a policy may refuse it: a selected text area works still.
  }
  const area = Object.assign(document.createElement('textarea'), { value: text });
  area.className = 'visually-hidden';
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  if (!done) throw new Error('copying was refused');
}

document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-copy], [data-copy-from], [data-copy-link], [data-copy-address]');
  if (!button) return;
  await write(textFor(button));
  const label = button.querySelector('[data-copy-label]');
  if (!label || label.dataset.idle) return;
  label.dataset.idle = label.textContent;
  label.textContent = label.dataset.copied;
  setTimeout(() => {
    label.textContent = label.dataset.idle;
    delete label.dataset.idle;
  }, SHOWN_MS);
});
