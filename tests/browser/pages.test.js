// Every journey with script and without, at every width, with a mouse and by keyboard alone.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { JOURNEYS } from './journeys.js';
import { person } from './person.js';
import { startBrowser, startMailServer, startServer } from './support.js';

// Schemes and languages are spread over the widths; `looks.test.js` sees each page in all of them.
const TRAVELLERS = [
  { width: 360, scheme: 'light', tag: 'de', script: false },
  { width: 768, scheme: 'dark', tag: 'ar', script: false },
  { width: 1280, scheme: 'light', tag: 'en', script: false },
  { width: 360, scheme: 'dark', tag: 'ar', script: true },
  { width: 768, scheme: 'light', tag: 'en', script: true },
  { width: 1280, scheme: 'dark', tag: 'de', script: true },
  { width: 768, scheme: 'light', tag: 'en', script: false, byKeyboard: true },
  { width: 1280, scheme: 'dark', tag: 'en', script: true, byKeyboard: true },
];

let mailServer;
let server;
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
  await server?.stop();
  mailServer?.stop();
});

async function fits({ page }, name) {
  const widest = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(widest <= page.viewportSize().width, `${name} is ${widest} px wide`);
}

for (const traveller of TRAVELLERS) {
  const { width, scheme, tag, script, byKeyboard } = traveller;
  const how = `${script ? 'with' : 'without'} script${byKeyboard ? ' by keyboard alone' : ''}`;
  for (const journey of JOURNEYS) {
    test(`${journey.name} ${how}, ${width} px, ${scheme}, ${tag}`, async () => {
      const account = await server.account();
      // The browser itself signs in where no script does.
      const httpCredentials = script ? undefined : { ...account, origin: server.url };
      const me = await person(browser, server, { ...traveller, httpCredentials, account }, fits);
      await journey(me);
      await me.leave();
    });
  }
}
