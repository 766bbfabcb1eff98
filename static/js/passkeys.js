// A form with data-passkey is shown where the browser has passkeys, which takes https; elsewhere, what data-without-passkeys marks.
// Its button has the browser make one ("create") or sign with one ("get") as data-begin says, and sends the form with the answer in
// its field `credential`.

const FORM = 'form[data-passkey]';
const FAULT = 'The browser could not use a passkey. Load the page again, and check that its address has a name and https.';
const NONE_CHOSEN = 'No passkey was chosen, or it took too long. Try again.';

class Refusal extends Error {}

async function optionsFor(form) {
  const answer = await fetch(form.dataset.begin, { method: 'POST', body: new FormData(form), headers: { Accept: 'application/json' } });
  if (answer.redirected) throw new Refusal('Who you are has to be confirmed again. Load the page again.');
  if (!answer.ok) throw new Refusal((await answer.json()).detail);
  return (await answer.json()).publicKey;
}

async function credentialFor(form) {
  const options = await optionsFor(form);
  return form.dataset.passkey === 'create'
    ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
    : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
}

async function answer(form) {
  const note = form.querySelector('[role="status"]');
  note.textContent = '';
  try {
    const credential = await credentialFor(form);
    form.elements.credential.value = JSON.stringify(credential.toJSON());
    form.submit();
  } catch (error) {
    if (error instanceof Refusal) note.textContent = error.message;
    else note.textContent = error.name === 'NotAllowedError' ? NONE_CHOSEN : FAULT;
  }
}

function show() {
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) return;
  for (const form of document.querySelectorAll(FORM)) form.hidden = false;
  for (const note of document.querySelectorAll('[data-without-passkeys]')) note.hidden = true;
}

document.addEventListener('submit', (event) => {
  if (!event.target.matches(FORM)) return;
  event.preventDefault();
  answer(event.target);
});
document.addEventListener('muster:page', show);
show();
