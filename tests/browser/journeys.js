// What people do with the pages, told once. `seen(name)` is called at each page they come to.

import assert from 'node:assert/strict';

export const NASTY = '\n</textarea><script>document.title = "owned"</script> "quotes" & {{secret}}\n\tends ';
export const LONG = `-----BEGIN KEY-----\n${'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo'.repeat(24)}\n-----END KEY-----\n`;

const value = (page, label) => page.getByLabel(label, { exact: true }).inputValue();
const press = (page, name) => page.getByRole('button', { name, exact: true }).click();
const follow = (page, name) => page.getByRole('link', { name, exact: true }).click();
const title = (page) => page.getByRole('heading', { level: 1 }).textContent();

async function create(page, url, secret, passphrase) {
  await page.goto(url);
  await page.getByLabel('Your secret').fill(secret);
  if (passphrase) await page.locator('#passphrase').fill(passphrase);
  await press(page, 'Make the link');
  assert.equal(await title(page), 'Your link is ready');
  return value(page, 'Send this link');
}

export async function readsOnce(page, url, seen) {
  await page.goto(url);
  await seen('create');
  const link = await create(page, url, NASTY);
  assert.match(link, new RegExp(`^${url}/secret/[a-z0-9]{31}$`));
  await seen('created');
  await page.goto(link);
  const before = await page.content();
  await page.reload();
  await seen('secret');
  await press(page, 'Show me the secret');
  assert.equal(await title(page), 'Here is the secret');
  assert.equal(await value(page, 'The secret'), NASTY);
  await seen('revealed');
  await page.goto(link);
  assert.equal(await page.content(), before, 'a link looks the same before and after');
  await press(page, 'Show me the secret');
  assert.equal(await title(page), 'This secret is gone');
  await seen('gone');
}

export async function readsALongText(page, url, seen) {
  await page.goto(await create(page, url, LONG));
  await press(page, 'Show me the secret');
  assert.equal(await value(page, 'The secret'), LONG);
  await seen('revealed-long');
}

export async function needsThePassphrase(page, url, seen) {
  await page.goto(url);
  await page.getByLabel('Your secret').fill('kept while the form comes back');
  await page.locator('#passphrase').fill('short');
  await page.locator('#ttl').selectOption('3600');
  await press(page, 'Make the link');
  assert.equal(await page.getByLabel('Your secret').inputValue(), 'kept while the form comes back');
  assert.equal(await page.locator('#ttl').inputValue(), '3600');
  await seen('create-refused');
  await page.locator('#passphrase').fill('long enough');
  await press(page, 'Make the link');
  await seen('created-passphrase');
  const link = await value(page, 'Send this link');
  await follow(page, 'Open its receipt');
  const receipt = page.url();
  await page.goto(link);
  await page.getByLabel('Passphrase').fill('wrong one');
  await press(page, 'Show me the secret');
  await seen('secret-refused');
  await page.goto(receipt);
  assert.equal(await title(page), 'Not read yet');
  await seen('receipt-tried');
  await page.goto(link);
  await page.getByLabel('Passphrase').fill('long enough');
  await press(page, 'Show me the secret');
  assert.equal(await value(page, 'The secret'), 'kept while the form comes back');
  await page.goto(receipt);
  assert.equal(await title(page), 'It was read');
  await seen('receipt-read');
}

export async function burns(page, url, seen) {
  const link = await create(page, url, 'never to be read');
  await follow(page, 'Open its receipt');
  await seen('receipt');
  const receipt = page.url();
  await follow(page, 'Burn the secret');
  await seen('burn');
  await follow(page, 'Keep it');
  assert.equal(page.url(), receipt);
  await follow(page, 'Burn the secret');
  await press(page, 'Burn it');
  assert.equal(await title(page), 'It was burned');
  await seen('receipt-burned');
  await page.goto(link);
  await press(page, 'Show me the secret');
  assert.equal(await title(page), 'This secret is gone');
}

export async function hasAPasswordMadeUp(page, url, seen) {
  await page.goto(url);
  await page.getByText('Or have a password made up').click();
  await page.getByLabel('Characters').fill('24');
  await seen('generate');
  await press(page, 'Make a password and its link');
  const made = await value(page, 'The password, shown this one time');
  assert.equal(made.length, 24);
  await seen('generated');
  await page.goto(await value(page, 'Send this link'));
  await press(page, 'Show me the secret');
  assert.equal(await value(page, 'The secret'), made);
}

export async function getsLost(page, url, seen) {
  await page.goto(`${url}/no/such/page`);
  await seen('not-found');
  await page.goto(`${url}/receipt/${'a'.repeat(31)}`);
  await seen('no-receipt');
}

export const JOURNEYS = [readsOnce, readsALongText, needsThePassphrase, burns, hasAPasswordMadeUp, getsLost];
