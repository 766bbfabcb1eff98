// A text that the style sheet ends with "…" says the rest to whoever points at it.
const LEVELS = 3; // a link within a line, within a cell

const isCut = (element) => {
  const { textOverflow, webkitLineClamp } = getComputedStyle(element);
  return (textOverflow === 'ellipsis' && element.scrollWidth > element.clientWidth)
    || (webkitLineClamp !== 'none' && element.scrollHeight > element.clientHeight + 1);
};

document.addEventListener('pointerover', ({ target }) => {
  let element = target instanceof Element ? target : null;
  for (let level = 0; element && level < LEVELS; level += 1, element = element.parentElement) {
    if (element.hasAttribute('title') || element.hasAttribute('data-tip')) return;
    if (isCut(element)) element.title = element.textContent.trim().replace(/\s+/g, ' ');
  }
});
