// The map's tip: what a screen reader hears from the marker, shown beside it for pointers and for the keyboard.

const TIP_OFFSET = 18;
const TIP_WIDTH = 190;

function show(event) {
  const map = event.target.closest?.('[data-map]');
  if (!map) return;
  const tip = map.querySelector('[data-map-tip]');
  const marker = event.target.closest('a');
  tip.classList.toggle('on', marker != null);
  if (!marker) return;
  const [name, ...rest] = marker.getAttribute('aria-label').split(', ');
  const title = Object.assign(document.createElement('b'), { textContent: name });
  tip.replaceChildren(title, ...rest.map((line) => Object.assign(document.createElement('div'), { textContent: line })));
  const frame = map.getBoundingClientRect();
  const box = marker.getBoundingClientRect();
  tip.style.left = `${Math.max(0, Math.min(box.left - frame.left + TIP_OFFSET, frame.width - TIP_WIDTH))}px`;
  tip.style.top = `${box.top - frame.top + TIP_OFFSET}px`;
}

document.addEventListener('pointerover', show);
document.addEventListener('focusin', show);
document.addEventListener('pointerout', (event) => {
  const map = event.target.closest?.('[data-map]');
  if (map && !map.contains(event.relatedTarget)) map.querySelector('[data-map-tip]').classList.remove('on');
});
