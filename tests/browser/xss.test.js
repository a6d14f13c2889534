// Hostile texts in every place where a page shows what somebody sent. Each of them, in each place, is
// parsed to see that it made no element; and pages full of them are used in a browser with script.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { PAYLOADS } from './payloads.js';
import { person } from './person.js';
import { PROGRAM, api, conceal, startBrowser, startServer, startSite } from './support.js';

const MEMO_MAX = 500;
const AT_ONCE = 8;

let server;
let account;
let browser;
let policy;

before(async () => {
  server = await startServer('--passphrase-min-length', '8');
  account = await server.account();
  browser = await startBrowser();
  policy = (await fetch(server.url)).headers.get('content-security-policy');
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** Does it for each, some at a time; resolves to the results in order. */
async function each(items, act) {
  const results = [];
  const line = items.entries();
  const work = async () => {
    for (const [at, item] of line) results[at] = await act(item, at);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

const groups = (items, size) =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));

// ---- Each of them, in each place ----------------------------------------------------------------

async function send(path, fields, headers = {}) {
  const body = fields && new URLSearchParams(fields);
  const reply = await fetch(`${server.url}${path}`, { method: body ? 'POST' : 'GET', body, headers });
  return reply.text();
}

const receipt = { of: null };

/** Places where a page shows, or might show, what somebody sent: how to get the page, and where the
 * text then is. */
const PLACES = {
  'a secret that is read': [async (text) => send(`/secret/${(await conceal(server, text)).id}`, {}), '#value'],
  'a secret that comes back': [(text) => send('/', { secret: text, passphrase: 'short' }), '#secret'],
  'a recipient': [
    (text) => send('/', { secret: 'hello', recipient: text }, { authorization: account.authorization }),
    null,
  ],
  'a lifetime': [(text) => send('/', { secret: 'hello', ttl: text }), null],
  'a passphrase': [(text) => send('/', { passphrase: text }), null],
  'a length': [(text) => send('/', { generate: 'true', length: text }), null],
  'a set of characters': [(text) => send('/', { generate: 'true', length: '3', 'character_sets[uppercase]': text }), null],
  'a memo': [
    (text) => send(`/receipt/${receipt.of}`, { memo: text }, { authorization: account.authorization }),
    '#memo',
  ],
  'remembered receipts': [(text) => send('/recent', { receipts: text }), null],
  'the language': [(text) => send(`/?lang=${encodeURIComponent(text)}`), null],
  'a language as it is': [(text) => send(`/no-page?lang=${text.replace(/[\0-\x20#]/g, '')}`), null],
  'a path': [(text) => send(`/${encodeURIComponent(text)}`), null],
  'a link': [(text) => send(`/secret/${encodeURIComponent(text)}`, {}), null],
  'a receipt': [(text) => send(`/receipt/${encodeURIComponent(text)}/burn`), null],
  'an asset': [(text) => send(`/assets/${encodeURIComponent(text)}`), null],
};

/** What pages are made of: their elements with their attributes, and what these lead to. */
const anatomies = ([pages, place]) =>
  pages.map((html) => {
    const page = new DOMParser().parseFromString(html, 'text/html');
    const bones = [...page.querySelectorAll('*')].map((element) => {
      const names = element.getAttributeNames().sort();
      const led = names.filter((name) => /^(href|src|action|formaction|srcdoc|style|on.*)$/.test(name));
      return `${element.localName}[${names}]${led.map((name) => element.getAttribute(name).split('?')[0])}`;
    });
    const field = place && page.querySelector(place);
    return { bones: bones.join('\n'), text: field && (field.getAttribute('value') ?? field.textContent) };
  });

test(`${PAYLOADS.length} hostile texts stay texts wherever a page shows them`, async (t) => {
  assert.ok(PAYLOADS.length >= 500);
  const page = await browser.newPage();
  receipt.of = (await conceal(server, 'hello', { account })).receipt;
  for (const [place, [show, field]] of Object.entries(PLACES)) {
    await t.test(place, async () => {
      const harmless = await show('hello world');
      const pages = await each(PAYLOADS, show);
      const expected = (await page.evaluate(anatomies, [[harmless], field]))[0].bones.replace(/[a-z0-9]{31}/g, 'ID');
      for (const [at, group] of groups(pages, 100).entries()) {
        const found = await page.evaluate(anatomies, [group, field]);
        for (const [index, { bones, text }] of found.entries()) {
          const payload = PAYLOADS[at * 100 + index];
          assert.equal(bones.replace(/[a-z0-9]{31}/g, 'ID'), expected, payload);
          if (field) assert.equal(lines(text), lines(payload), payload);
        }
      }
    });
  }
  await page.close();
});

/** As a field of a form holds it: without NUL, which no page can show. */
const lines = (text) => text.replace(/\r\n?/g, '\n').replaceAll('\0', '\ufffd');

// ---- All of them, in a browser ------------------------------------------------------------------

/** Somebody with script, to whom nothing may happen. */
async function victim(at = server) {
  const me = await person(browser, at, { script: true });
  const happened = [];
  me.page.on('dialog', (dialog) => {
    happened.push(dialog.message());
    dialog.dismiss();
  });
  await me.page.exposeFunction('report', (what) => { happened.push(what); });
  await me.page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      window.report(`${violatedDirective} ${blockedURI}`);
    });
    Object.defineProperty(window, '__owned', { set: () => window.report('owned') });
  });
  return { me, happened };
}

/** Nothing was run, reported, or asked for elsewhere. */
async function isUnharmed({ me, happened }) {
  await me.page.waitForTimeout(100);
  assert.deepEqual(happened, []);
  await me.leave();
}

/** Some that run in any browser once they are taken for markup. */
const SURE = PAYLOADS.filter((text) =>
  /^<(img src=x|svg|body|input autofocus|details open|video src=x|iframe src=about:blank|style) on\w+=\w\S+>$|^<script>/.test(text));

test('where they are taken for markup, each that is sure to run is noticed', async (t) => {
  assert.ok(SURE.length >= 10);
  const site = await startSite((asked, answer) => {
    const [, kind, at] = asked.url.split('/');
    const headers = kind === 'strict' ? { 'content-security-policy': policy } : {};
    answer.writeHead(200, { ...headers, 'content-type': 'text/html' }).end(`<!doctype html><body>${SURE[at] ?? ''}`);
  });
  t.after(() => site.stop());
  const url = `http://127.0.0.1:${site.port}`;
  for (const kind of ['open', 'strict']) {
    for (const [at, text] of SURE.entries()) {
      const { me, happened } = await victim({ url });
      await me.page.goto(`${url}/${kind}/${at}`).catch(() => {});
      for (let wait = 0; wait < 200 && happened.length === 0; wait += 1) await me.page.waitForTimeout(50).catch(() => {});
      assert.notEqual(happened.length, 0, `${kind}: ${text}`);
      await me.close();
    }
  }
});

test('none of them runs in secrets and passphrases', async () => {
  const some = await victim();
  const { me } = some;
  for (const group of groups(PAYLOADS, 50)) {
    const text = group.join('\n');
    await me.visit('/');
    await me.type('secret', text);
    await me.type('passphrase', group[0].slice(0, 7));
    await me.press('create.submit');
    await me.page.locator('#passphrase-problem').filter({ hasText: /./ }).waitFor();
    await me.type('passphrase', `${group[0]} and more`);
    await me.press('create.submit');
    await me.arrive('created.title');
    await me.press('terms.show');
    await me.visit(await me.value('link'));
    await me.type('passphrase', group.at(-1));
    await me.press('secret.submit');
    await me.page.locator('#passphrase-problem').filter({ hasText: /./ }).waitFor();
    await me.type('passphrase', `${group[0]} and more`);
    await me.press('secret.submit');
    await me.arrive('revealed.title');
    assert.equal(lines(await me.value('value')), lines(text));
    await me.tick('revealed.wrap');
  }
  await isUnharmed(some);
});

test('none of them runs in memos and recipients', async () => {
  const made = await each(PAYLOADS, async (memo) => {
    const secret = await conceal(server, 'hello', { account });
    const { status } = await api(server, 'PATCH', `/api/v2/receipt/${secret.receipt}`, { account, body: { memo } });
    assert.equal(status, 200);
    return secret;
  });
  const some = await victim();
  const { me } = some;
  await me.visit('/recent');
  await me.type('user', account.username);
  await me.type('token', account.password);
  await me.press('mine.sign-in');
  const memos = me.page.locator('.receipts span[dir=auto]');
  await memos.first().waitFor();
  const shown = new Set((await memos.allTextContents()).map(lines));
  assert.deepEqual(PAYLOADS.filter((payload) => payload.trim() && !shown.has(lines(payload))), []);
  for (const at of [0, 100, 250, 400]) {
    await me.page.locator(`.receipts a[href="/receipt/${made[at].receipt}"]`).click();
    await me.page.locator('#memo').waitFor();
    await me.type('memo', PAYLOADS.slice(at, at + 5).join(' ').slice(0, MEMO_MAX));
    await me.press('receipt.memo-save');
    await me.page.getByText(me.say('receipt.memo-saved')).waitFor();
    await me.follow('layout.mine');
    await memos.first().waitFor();
  }
  await isUnharmed(some);
});

test('none of them runs in paths, queries and errors', async () => {
  const some = await victim();
  const { me } = some;
  for (let at = 0; at < PAYLOADS.length; at += 25) {
    const text = encodeURIComponent(PAYLOADS[at]);
    for (const address of [`/${text}`, `/?lang=${text}`, `/receipt/${text}?lang=${text}#${text}`]) await me.visit(address);
  }
  await me.visit(`/secret/${encodeURIComponent(PAYLOADS[0])}?lang=de#${encodeURIComponent(PAYLOADS[1])}`);
  await isUnharmed(some);
});

test('none of them runs in what an operator puts on the pages', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tellonce-brand-'));
  const config = join(folder, 'tellonce.toml');
  // In the option, a comma parts links and the first = a name from an address.
  const names = PAYLOADS.map((payload) => payload.replace(/[=,\0-\x1f]/g, '')).filter((name) => name.trim());
  const ends = PAYLOADS.map((payload) => payload.replace(/[\s,\0-\x1f\ufeff]/g, ''));
  const links = names.map((name, at) => `${name}=https://example.com/${ends[at % ends.length]}`);
  const text = (value) => JSON.stringify(value);
  writeFileSync(config, `brand_name = ${text(PAYLOADS.join(' '))}\nbrand_links = [${links.map(text).join(', ')}]\n`);
  const branded = await startServer('--config', config);
  const some = await victim(branded);
  const { me } = some;
  for (const address of ['/', '/recent', '/no/such/page', `/secret/${'a'.repeat(31)}`]) await me.visit(address);
  assert.equal(await me.page.locator('footer .links a').count(), links.length);
  assert.equal((await me.page.locator('footer .links a').allTextContents()).map((name) => name.trim()).join(' '), names.map((name) => name.trim()).join(' '));
  await me.goHome();
  await isUnharmed(some);
  await branded.stop();

  for (const address of ['javascript:alert(1)', 'data:text/html,x', '//evil.example', ' vbscript:x']) {
    const check = promisify(execFile)(PROGRAM, ['check', '--data', folder, '--brand-links', `Bad=${address}`]);
    await assert.rejects(check, /brand-links/, address);
  }
  rmSync(folder, { recursive: true });
});
