// A day is typed as 2026-11-28, whatever the language of the browser. A button beside the field opens the browser's
// calendar and writes what is chosen there.
import { iconElement } from './charts.js';

function pick(field, native) {
  native.value = field.value.trim().replace(' ', 'T');
  native.onchange = () => {
    field.value = native.value.replace('T', ' ');
    field.dispatchEvent(new Event('change', { bubbles: true }));
    field.focus();
  };
  native.showPicker();
}

function addCalendar(field) {
  const native = Object.assign(document.createElement('input'), { type: field.dataset.day, tabIndex: -1, className: 'day-native' });
  native.setAttribute('aria-hidden', 'true');
  const button = Object.assign(document.createElement('button'), { type: 'button', className: 'button icon-only' });
  button.setAttribute('aria-label', 'Open the calendar');
  button.append(iconElement('calendar', 'small'));
  button.addEventListener('click', () => pick(field, native));
  const box = Object.assign(document.createElement('span'), { className: 'with-unit' });
  field.replaceWith(box);
  box.append(field, native, button);
}

function adopt() {
  if ('showPicker' in HTMLInputElement.prototype) document.querySelectorAll('input[data-day]').forEach(addCalendar);
}
document.addEventListener('muster:page', adopt);
adopt();
