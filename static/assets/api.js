// Calls of this server from its own description. Only those that take no account: nobody should type a
// token into a page. Whatever comes back is shown as text.

/** Identifiers of the last secret made here, so that the next calls need no typing. */
const last = { secret: '', receipt: '' };

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Keeps the identifiers of a reply that made a secret, and fills the fields that wait for them. */
function remember(reply) {
  last.secret = reply.secret_key ?? reply.record?.secret?.identifier ?? last.secret;
  last.receipt = reply.metadata_key ?? reply.record?.receipt?.identifier ?? last.receipt;
  for (const field of document.querySelectorAll('.try input')) field.value ||= last[field.dataset.kind];
}

async function call({ method, path, body }) {
  const headers = body ? { 'Content-Type': 'application/json' } : {};
  const reply = await fetch(path, { method, headers, body, credentials: 'omit' });
  const text = await reply.text();
  const line = `${reply.status} ${reply.statusText}`.trim();
  try {
    const json = JSON.parse(text);
    if (reply.ok) remember(json);
    return `${line}\n\n${JSON.stringify(json, null, 2)}`;
  } catch {
    return `${line}\n\n${text}`;
  }
}

/** A field for the identifier in the path, where there is one. */
function identifier(operation) {
  const { path } = operation.dataset;
  if (!path.includes('{')) return null;
  const kind = path.includes('/secret/') ? 'secret' : 'receipt';
  const input = element('input', { id: `${operation.id}-id`, value: last[kind], required: true, spellcheck: false, autocomplete: 'off' });
  input.dataset.kind = kind;
  const label = element('label', { htmlFor: input.id }, kind === 'secret' ? "The secret's identifier" : "The receipt's identifier");
  return { input, field: element('div', { className: 'field' }, label, input) };
}

function parameters(operation) {
  const { body } = operation.dataset;
  if (body === undefined) return null;
  const input = element('textarea', { id: `${operation.id}-body`, value: body, spellcheck: false });
  const label = element('label', { htmlFor: input.id }, 'Parameters, as JSON');
  return { input, field: element('div', { className: 'field' }, label, input) };
}

function form(operation) {
  const { method, path } = operation.dataset;
  const [id, body] = [identifier(operation), parameters(operation)];
  const answer = element('pre', { hidden: true, tabIndex: 0, role: 'region', ariaLabel: 'The answer' });
  const send = element('button', { className: 'button' }, `Send ${method}`);
  const fields = [id, body].filter(Boolean).map(({ field }) => field);
  const made = element('form', { className: 'try' }, ...fields, send, answer);
  made.addEventListener('submit', async (event) => {
    event.preventDefault();
    send.disabled = true;
    const target = path.replace(/\{\w+\}/, encodeURIComponent(id?.input.value.trim() ?? ''));
    answer.textContent = await call({ method, path: target, body: body?.input.value }).catch(String);
    answer.hidden = false;
    send.disabled = false;
  });
  return made;
}

for (const operation of document.querySelectorAll('.operation[data-method]')) {
  const open = element('button', { className: 'button quiet', type: 'button' }, 'Try it here');
  open.addEventListener('click', () => {
    const made = form(operation);
    open.replaceWith(made);
    made.querySelector('input, textarea, button').focus();
  });
  operation.querySelector('.shown').append(open);
}
