// Every page in every state, seen in three languages, two schemes and three widths: a picture is kept
// of each, nothing is wider than the window, and axe finds no barrier.

import { AxeBuilder } from '@axe-core/playwright';
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as journeys from './journeys.js';
import { person } from './person.js';
import { SCREENSHOTS, startBrowser, startMailServer, startServer } from './support.js';

const WIDTHS = [360, 768, 1280];
const SCHEMES = ['light', 'dark'];
/** Between them they come to every page. */
const SIGHTSEEING = [
  journeys.readsOnce,
  journeys.readsALongText,
  journeys.needsThePassphrase,
  journeys.burns,
  journeys.hasAPasswordMadeUp,
  journeys.wishesForAnImpossiblePassword,
  journeys.getsLost,
  journeys.ownsSecrets,
];

let mailServer;
let server;
let branded;
let browser;

before(async () => {
  mailServer = await startMailServer();
  server = await startServer(
    ...['--passphrase-min-length', '8'],
    ...['--smtp-host', `127.0.0.1:${mailServer.port}`, '--smtp-tls', 'off'],
    ...['--mail-from', 'Secrets <no-reply@secrets.example>'],
  );
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await branded?.stop();
  await server?.stop();
  mailServer?.stop();
});

async function findsNoBarrier(page, where) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const barriers = violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0].html}`);
  assert.deepEqual(barriers, [], where);
}

/** Keeps a picture of the whole page. */
const keep = (page, name) =>
  page.screenshot({ path: join(SCREENSHOTS, `${name}.jpg`), fullPage: true, type: 'jpeg', quality: 85 });

/** Looks at a page in all widths and schemes, and leaves it as it was. */
async function lookAround({ page, width, scheme, tag, axe }, name) {
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme });
    for (const each of WIDTHS) {
      await page.setViewportSize({ width: each, height: each < 500 ? 740 : 900 });
      const widest = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(widest <= each, `${name} is ${widest} px wide in ${each}, ${tag}`);
      await keep(page, `${name}-${each}-${colorScheme}-${tag}`);
    }
    if (axe.includes(colorScheme)) await findsNoBarrier(page, `${name}, ${colorScheme}, ${tag}`);
  }
  await page.emulateMedia({ colorScheme: scheme });
  await page.setViewportSize({ width, height: 900 });
}

/** Where axe looks: barriers hang on the direction of the script and on colours, but not on both together. */
const AXE = { en: SCHEMES, de: [], ar: ['light'] };

for (const tag of ['en', 'de', 'ar']) {
  test(`every page looks as it should, ${tag}`, async () => {
    for (const journey of SIGHTSEEING) {
      const settings = { width: 768, scheme: 'light', tag, axe: AXE[tag], account: await server.account() };
      const me = await person(browser, server, settings, lookAround);
      await journey(me);
      await me.leave();
    }
  });
}

test('without script the pages look as they should too', async () => {
  const look = async ({ page }, name) => {
    await keep(page, `plain-${name}-360-light-en`);
  };
  for (const journey of [journeys.readsOnce, journeys.needsThePassphrase, journeys.hasAPasswordMadeUp]) {
    const me = await person(browser, server, { width: 360, script: false }, look);
    await journey(me);
    await me.leave();
  }
});

test('an accent that would be hard to read becomes readable', async () => {
  branded = await startServer('--brand-name', 'Ministry of Silly Walks and Long Names', '--brand-accent', '#ffee00');
  const me = await person(browser, branded, { width: 768, scheme: 'light', tag: 'en', axe: SCHEMES });
  for (const [name, address] of [['brand-create', '/'], ['brand-mine', '/recent']]) {
    await me.visit(address);
    await lookAround(me, name);
  }
  await me.leave();
});

test('wishes for contrast and for rest are heeded', async () => {
  const me = await person(browser, server, { width: 768, contrast: 'more', reducedMotion: 'reduce' });
  await me.visit('/');
  const style = (selector, property) =>
    me.page.locator(selector).first().evaluate((element, name) => getComputedStyle(element)[name], property);
  assert.equal(await style('.lead', 'color'), await style('body', 'color'));
  assert.match(await style('.button', 'transitionDuration'), /^0s/);
  await keep(me.page, 'create-contrast');
  await me.page.emulateMedia({ contrast: 'no-preference', reducedMotion: 'no-preference' });
  assert.notEqual(await style('.lead', 'color'), await style('body', 'color'));
  assert.doesNotMatch(await style('.button', 'transitionDuration'), /^0s/);
  await me.page.emulateMedia({ forcedColors: 'active' });
  await keep(me.page, 'create-forced-colours');
  await me.leave();
});

test('paper keeps no secret', async () => {
  const print = async ({ page, script }, name) => {
    await page.emulateMedia({ media: 'print' });
    const shown = 'textarea:visible, input:visible, output:visible, .qr svg:visible';
    assert.equal(await page.locator(shown).count(), 0, name);
    const text = await page.locator('body').innerText();
    assert.doesNotMatch(text, /\/secret\/|hello|kept while|\[\[x\]\]/, name);
    if (script) await keep(page, `print-${name}`);
    await page.emulateMedia({ media: 'screen' });
  };
  for (const script of [true, false]) {
    for (const journey of [journeys.readsOnce, journeys.needsThePassphrase, journeys.hasAPasswordMadeUp, journeys.burns]) {
      const me = await person(browser, server, { script, scheme: 'dark' }, print);
      await journey(me);
      await me.leave();
    }
  }
});
