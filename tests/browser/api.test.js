// The page about the API: readable without script, and with script a place to try every call that
// takes no account.

import { AxeBuilder } from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SCREENSHOTS, openPage, startBrowser, startServer } from './support.js';

const WIDTHS = [360, 1280];
const SCHEMES = ['light', 'dark'];

let server;
let browser;

before(async () => {
  server = await startServer();
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function visit(settings) {
  const opened = await openPage(browser, settings);
  await opened.page.goto(`${server.url}/api`);
  return opened;
}

/** Opens the form of a call, sends it, and resolves to the status and the object that came back. */
async function attempt(page, id, change = async () => {}) {
  const operation = page.locator(`#${id}`);
  await operation.getByRole('button', { name: 'Try it here' }).click();
  await change(operation);
  await operation.getByRole('button', { name: /^Send / }).click();
  const answer = operation.locator('.try pre');
  await answer.waitFor();
  const [status, ...rest] = (await answer.textContent()).split('\n\n');
  return { status, body: JSON.parse(rest.join('\n\n')) };
}

for (const width of WIDTHS) {
  for (const scheme of SCHEMES) {
    test(`the page is readable without script at ${width} px, ${scheme}`, async () => {
      const { page, complaints, asked, close } = await visit({ width, scheme, script: false });
      const widest = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(widest <= width, `it is ${widest} px wide`);
      assert.ok(await page.getByText(`curl ${server.url}/api/v1/share`).isVisible());
      assert.equal(await page.locator('main').getByRole('button').count(), 0);
      // All of it is some fifty thousand pixels: once for each width is enough.
      if (scheme === 'light') await page.screenshot({ path: join(SCREENSHOTS, `api-${width}.png`), fullPage: true });
      await page.screenshot({ path: join(SCREENSHOTS, `api-top-${width}-${scheme}.png`) });
      await page.locator('#v2Conceal').screenshot({ path: join(SCREENSHOTS, `api-call-${width}-${scheme}.png`) });
      assert.deepEqual(complaints, []);
      assert.deepEqual(asked.filter((url) => !url.startsWith(server.url)), []);
      await close();
    });
  }
}

for (const scheme of SCHEMES) {
  test(`the page puts up no barrier, ${scheme}`, async () => {
    const { page, complaints, close } = await visit({ width: 360, scheme, script: true });
    await attempt(page, 'v1Share');
    await page.locator('details').evaluateAll((all) => all.forEach((one) => { one.open = true; }));
    const { violations } = await new AxeBuilder({ page }).analyze();
    assert.deepEqual(violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0].html}`), []);
    assert.deepEqual(complaints, []);
    await close();
  });
}

test('a secret is made, looked at, read and traced without leaving the page', async () => {
  const { page, complaints, close } = await visit({ width: 1280, scheme: 'light', script: true });
  const made = await attempt(page, 'v2Conceal', (operation) =>
    operation.getByLabel('Parameters').fill('{"secret": {"secret": "<b>hello</b>"}}'));
  assert.equal(made.status, '200 OK');
  const { identifier } = made.body.record.secret;
  const shown = await attempt(page, 'v2Show');
  assert.equal(shown.body.record.identifier, identifier, 'the identifier is filled in');
  const read = await attempt(page, 'v2Reveal');
  assert.equal(read.body.record.secret_value, '<b>hello</b>');
  // The page is too long for a slow machine to hold it still for a picture of one element.
  await page.locator('#v2Reveal').evaluate((operation) => operation.scrollIntoView());
  await page.screenshot({ path: join(SCREENSHOTS, 'api-tried-1280.png') });
  const receipt = await attempt(page, 'v2Receipt');
  assert.equal(receipt.body.record.state, 'revealed');
  const again = await attempt(page, 'v1Reveal');
  assert.deepEqual([again.status, again.body.message], ['404 Not Found', 'Unknown secret']);
  assert.deepEqual(complaints, []);
  await close();
});

test('every call that takes no account can be tried, and no other', async () => {
  const { page, close } = await visit({ width: 1280, scheme: 'dark', script: true });
  const described = await (await fetch(`${server.url}/api/openapi.json`)).json();
  const open = (operation) => operation.responses['200'] && operation.security === undefined;
  for (const operation of await page.locator('.operation').all()) {
    const id = await operation.getAttribute('id');
    const all = Object.values(described.paths).flatMap((item) => Object.values(item));
    const expected = open(all.find((one) => one.operationId === id)) ? 1 : 0;
    assert.equal(await operation.getByRole('button', { name: 'Try it here' }).count(), expected, id);
  }
  await close();
});

test('what can be downloaded begins with this server', async () => {
  const openapi = await (await fetch(`${server.url}/api/openapi.json`)).json();
  assert.equal(openapi.servers[0].url, server.url);
  const postman = await (await fetch(`${server.url}/api/postman.json`)).json();
  assert.equal(postman.variable.find(({ key }) => key === 'baseUrl').value, server.url);
});
