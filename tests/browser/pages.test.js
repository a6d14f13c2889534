// The pages in a real browser: without script for everybody, and once more with script allowed, where
// axe looks at each page for barriers.

import { AxeBuilder } from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { JOURNEYS } from './journeys.js';
import { SCREENSHOTS, openPage, startBrowser, startServer } from './support.js';

const WIDTHS = [360, 768, 1280];
const SCHEMES = ['light', 'dark'];

let server;
let browser;

before(async () => {
  server = await startServer('--passphrase-min-length', '8');
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Goes on every journey, in a fresh context each, and checks that the browser had no complaint. */
async function travel(settings, look) {
  for (const journey of JOURNEYS) {
    const { page, complaints, asked, close } = await openPage(browser, settings);
    await journey(page, server.url, (name) => look(page, name));
    assert.deepEqual(complaints, [], `${journey.name} at ${settings.width} px`);
    assert.deepEqual(asked.filter((url) => !url.startsWith(server.url)), []);
    await close();
  }
}

async function fits(page, name) {
  const widest = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(widest <= page.viewportSize().width, `${name} is ${widest} px wide`);
}

for (const width of WIDTHS) {
  for (const scheme of SCHEMES) {
    test(`everything works without script at ${width} px, ${scheme}`, async () => {
      await travel({ width, scheme, script: false }, async (page, name) => {
        await fits(page, name);
        const path = join(SCREENSHOTS, `${name}-${width}-${scheme}.png`);
        await page.screenshot({ path, fullPage: true });
      });
    });
  }
}

for (const scheme of SCHEMES) {
  test(`no page puts up a barrier, ${scheme}`, async () => {
    await travel({ width: 360, scheme, script: true }, async (page, name) => {
      const { violations } = await new AxeBuilder({ page }).analyze();
      const barriers = violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0].html}`);
      assert.deepEqual(barriers, [], name);
    });
  });
}

test('the keyboard is enough, and shows where it is', async () => {
  const { page, close } = await openPage(browser, { width: 768, scheme: 'light', script: false });
  await page.goto(server.url);
  const order = [];
  for (let step = 0; step < 6; step += 1) {
    await page.keyboard.press('Tab');
    const focused = page.locator(':focus');
    order.push(await focused.evaluate((element) => element.id || element.tagName));
    const outline = await focused.evaluate((element) => getComputedStyle(element).outlineStyle);
    assert.equal(outline, 'solid', order.at(-1));
    await page.screenshot({ path: join(SCREENSHOTS, `focus-${step}-${order.at(-1)}.png`) });
  }
  assert.deepEqual(order, ['A', 'secret', 'passphrase', 'ttl', 'BUTTON', 'SUMMARY']);
  await close();
});

test('paper keeps no secret', async () => {
  await travel({ width: 768, scheme: 'dark', script: false }, async (page, name) => {
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.locator('textarea:visible, input:visible').count(), 0, name);
    await page.screenshot({ path: join(SCREENSHOTS, `print-${name}.png`), fullPage: true });
    await page.emulateMedia({ media: 'screen' });
  });
});
