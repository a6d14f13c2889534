// What people do with the pages, told once: for every language, with script or without, with a mouse
// or by keyboard. Each is a story about `me`, a person of `person.js`.

import assert from 'node:assert/strict';

export const NASTY = '\n</textarea><script>document.title = "owned"</script> "quotes" & {{secret}} [[x]]\n\tends ';
export const LONG = `-----BEGIN KEY-----\n${'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo'.repeat(24)}\n-----END KEY-----\n`;

async function make(me, secret, { passphrase, ttl } = {}) {
  await me.visit('/');
  await me.type('secret', secret);
  if (passphrase) await me.type('passphrase', passphrase);
  if (ttl) await me.choose('ttl', ttl);
  await me.press('create.submit');
  await me.arrive('created.title');
  return me.value('link');
}

/** The address that the receipt of a link just made leads to. */
async function openReceipt(me) {
  await me.follow('created.receipt');
  await me.arrive('receipt.waiting');
  return me.page.url();
}

/** The page of a link whose secret is gone: a script says so at once, without one it takes a press. */
async function findGone(me, link) {
  await me.visit(link);
  if (!me.script) await me.press('secret.submit');
  await me.arrive('gone.title');
  return me.page.locator('main').innerText();
}

export async function readsOnce(me) {
  await me.visit('/');
  await me.seen('create');
  const link = await make(me, NASTY);
  assert.match(link, new RegExp(`^${me.server.url}/secret/[a-z0-9]{31}$`));
  await me.seen('created');
  const bare = async () => (await fetch(link, { headers: { 'accept-language': me.tag } })).text();
  const before = await bare();
  await me.visit(link);
  await me.seen('secret');
  await me.press('secret.submit');
  await me.arrive('revealed.title');
  assert.equal(await me.value('value'), NASTY);
  await me.seen('revealed');
  assert.equal(await bare(), before, 'a link looks the same before and after');
  await findGone(me, link);
  await me.seen('gone');
}

export async function readsALongText(me) {
  await me.visit(await make(me, LONG));
  await me.press('secret.submit');
  await me.arrive('revealed.title');
  assert.equal(await me.value('value'), LONG);
  await me.seen('revealed-long');
}

export async function needsThePassphrase(me) {
  await me.visit('/');
  await me.type('secret', 'kept while the form comes back');
  await me.type('passphrase', 'short');
  await me.choose('ttl', '3600');
  await me.press('create.submit');
  await me.field('passphrase-problem').getByText(me.say('rule.passphrase-short', { n: 8 })).waitFor();
  assert.equal(await me.value('secret'), 'kept while the form comes back');
  assert.equal(await me.value('ttl'), '3600');
  await me.seen('create-refused');
  await me.type('passphrase', 'long enough');
  await me.press('create.submit');
  await me.arrive('created.title');
  await me.seen('created-passphrase');
  const link = await me.value('link');
  const receipt = await openReceipt(me);
  await me.visit(link);
  await me.seen('secret-passphrase');
  await me.type('passphrase', 'wrong one');
  await me.press('secret.submit');
  const left = me.say('secret.tries-left', { n: 19 });
  await me.field('passphrase-problem').getByText(left).waitFor();
  await me.seen('secret-refused');
  await me.visit(receipt);
  await me.arrive('receipt.waiting');
  await me.page.getByText(me.say('event.wrong', { n: 1 }), { exact: true }).waitFor();
  await me.seen('receipt-tried');
  await me.visit(link);
  await me.type('passphrase', 'long enough');
  await me.press('secret.submit');
  await me.arrive('revealed.title');
  assert.equal(await me.value('value'), 'kept while the form comes back');
  await me.visit(receipt);
  await me.arrive('receipt.revealed');
  await me.seen('receipt-read');
}

export async function isAskedForAPassphraseOnlyWhereThereIsOne(me) {
  // Without script nobody knows yet, and the page is the same for all.
  const fields = me.script ? [0, 1] : [1, 1];
  for (const [at, passphrase] of [undefined, 'long enough'].entries()) {
    await me.visit(await make(me, 'hello', { passphrase }));
    assert.equal(await me.page.locator('#passphrase').count(), fields[at]);
  }
}

export async function burns(me) {
  const link = await make(me, 'never to be read');
  const receipt = await openReceipt(me);
  await me.seen('receipt');
  await me.follow('receipt.burn');
  await me.arrive('burn.title');
  await me.seen('burn');
  await me.follow('burn.keep');
  await me.arrive('receipt.waiting');
  assert.equal(me.page.url(), receipt);
  await me.follow('receipt.burn');
  await me.arrive('burn.title');
  await me.press('burn.submit');
  await me.arrive('receipt.burned');
  await me.seen('receipt-burned');
  await findGone(me, link);
}

export async function isToldTheSameForEveryCause(me) {
  const read = await make(me, 'to be read');
  await me.visit(read);
  await me.press('secret.submit');
  await me.arrive('revealed.title');
  const burned = await make(me, 'to be burned');
  await openReceipt(me);
  await me.follow('receipt.burn');
  await me.press('burn.submit');
  await me.arrive('receipt.burned');
  const told = [];
  for (const link of [read, burned, `/secret/${'a'.repeat(31)}`, '/secret/cut-off']) {
    told.push(await findGone(me, link));
  }
  assert.deepEqual(new Set(told).size, 1, told.join('\n--\n'));
}

export async function hasAPasswordMadeUp(me) {
  await me.visit('/');
  await me.unfold('generate.open');
  await me.type('generate-length', '24');
  await me.tick('generate.symbols');
  await me.tick('generate.uppercase');
  await me.seen('generate');
  await me.press('generate.submit');
  await me.arrive('created.title');
  const made = await me.value('generated');
  // Small letters and digits, without those that look alike.
  assert.match(made, /^[a-hjkmnp-z34679]{24}$/);
  await me.seen('generated');
  await me.visit(await me.value('link'));
  await me.press('secret.submit');
  await me.arrive('revealed.title');
  assert.equal(await me.value('value'), made);
}

export async function wishesForAnImpossiblePassword(me) {
  await me.visit('/');
  await me.unfold('generate.open');
  for (const kind of ['uppercase', 'lowercase', 'numbers', 'symbols']) await me.tick(`generate.${kind}`);
  await me.choose('generate-ttl', '86400');
  await me.press('generate.submit');
  await me.page.getByText(me.say('rule.no-set')).waitFor();
  assert.equal(await me.value('generate-ttl'), '86400');
  await me.seen('generate-refused');
}

export async function getsLost(me) {
  await me.visit('/no/such/page');
  await me.arrive('error.no-page');
  await me.seen('not-found');
  await me.visit(`/receipt/${'a'.repeat(31)}`);
  await me.arrive('no-receipt.title');
  await me.seen('no-receipt');
}

/** With script by the page's own form, without by the browser's. */
async function signIn(me) {
  await me.visit('/recent');
  await me.seen('mine');
  if (me.script) {
    await me.type('user', me.account.username);
    await me.type('token', me.account.password);
    await me.press('mine.sign-in');
  } else {
    await me.follow('mine.sign-in');
  }
  await me.page.getByText(me.say('mine.account-of', { address: me.account.username })).waitFor();
}

export async function ownsSecrets(me) {
  await signIn(me);
  await me.page.getByText(me.say('mine.none')).waitFor();
  await me.seen('mine-empty');
  await me.goHome();
  await me.type('secret', 'mine alone');
  await me.type('recipient', 'grace@example.org');
  await me.press('create.submit');
  await me.arrive('created.title');
  await me.page.getByText(me.say('created.mail', { recipient: 'gr*****@e*****.org' })).waitFor();
  await me.seen('created-mailed');
  await openReceipt(me);
  await me.type('memo', 'for <b>Grace</b> & "Bob"');
  await me.press('receipt.memo-save');
  await me.page.getByText(me.say('receipt.memo-saved')).waitFor();
  await me.seen('receipt-memo');
  await me.follow('layout.mine');
  await me.arrive('mine.title');
  await me.page.getByText('for <b>Grace</b> & "Bob"').waitFor();
  await me.seen('mine-list');
  await me.follow('receipt.burn', me.page.locator('.receipts'));
  await me.arrive('burn.title');
  await me.press('burn.submit');
  await me.arrive('receipt.burned');
  assert.equal(await me.value('memo'), 'for <b>Grace</b> & "Bob"');
  await me.page.getByText(me.say('event.mail-sent')).or(me.page.getByText(me.say('event.mail-waits'))).waitFor();
  await me.follow('layout.mine');
  await me.arrive('mine.title');
  assert.equal(await me.page.locator('.receipts a.danger').count(), 0);
}

export async function readsInAnotherLanguage(me) {
  const other = me.tag === 'de' ? 'fr' : 'de';
  const title = (key) => me.page.getByRole('heading', { level: 1, name: me.sayIn(other, key), exact: true });
  await me.visit('/');
  await me.choose('language', other);
  if (!me.script) await me.press('layout.switch');
  await title('create.title').waitFor();
  // It stays while clicking along, and in answers to forms.
  await me.page.getByRole('link', { name: me.sayIn(other, 'layout.mine'), exact: true }).click();
  await title('mine.title').waitFor();
  await me.page.locator('a.brand').click();
  await title('create.title').waitFor();
  await me.type('secret', 'in any language');
  await me.page.getByRole('button', { name: me.sayIn(other, 'create.submit'), exact: true }).click();
  await title('created.title').waitFor();
  assert.equal(await me.page.locator('html').getAttribute('lang'), other);
  await me.page.getByRole('link', { name: me.sayIn(other, 'created.receipt'), exact: true }).click();
  await title('receipt.waiting').waitFor();
}

export const JOURNEYS = [
  readsOnce,
  readsALongText,
  needsThePassphrase,
  isAskedForAPassphraseOnlyWhereThereIsOne,
  burns,
  isToldTheSameForEveryCause,
  hasAPasswordMadeUp,
  wishesForAnImpossiblePassword,
  getsLost,
  ownsSecrets,
  readsInAnotherLanguage,
];
