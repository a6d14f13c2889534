// Another site, opened in a browser that remembers credentials for this one: it may send what it
// likes, and nothing changes where credentials matter. Nor may it put our pages into a frame.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { api, conceal, openPage, startBrowser, startServer, startSite } from './support.js';

let server;
let account;
let browser;
let site;
let victim;
let mine;

before(async () => {
  server = await startServer('--create', 'accounts');
  account = await server.account();
  browser = await startBrowser();
  site = await startSite((asked, answer) => {
    const headers = { 'content-type': 'text/html' };
    if (asked.url === '/hidden') headers['referrer-policy'] = 'no-referrer';
    answer.writeHead(200, headers).end('<!doctype html><title>Elsewhere</title><body>');
  });
  mine = await conceal(server, 'mine', { account });
  victim = await openPage(browser, { httpCredentials: { ...account, origin: server.url } });
  // From here on the browser sends the credentials by itself.
  await victim.page.goto(`${server.url}/recent?sign-in=true`);
});

after(async () => {
  await victim?.close();
  site?.stop();
  await browser?.close();
  await server?.stop();
});

/** Another site, and another port of the same host: there the browser shows whence a form comes. */
const ELSEWHERE = [['localhost', '/'], ['localhost', '/hidden'], ['127.0.0.1', '/'], ['127.0.0.1', '/hidden']];

/** What takes an account's credentials. */
const owners = () => [
  ['/', { secret: 'planted' }],
  ['/', { generate: 'true', length: '20' }],
  [`/receipt/${mine.receipt}`, { memo: 'planted' }],
  [`/private/${mine.receipt}`, { memo: 'planted' }],
  ['/api/v1/share', { secret: 'planted' }],
  ['/api/v1/create', { secret: 'planted' }],
  ['/api/v1/generate', {}],
  ['/api/v2/secret/conceal', { 'secret[secret]': 'planted' }],
  ['/api/v2/secret/generate', { 'secret[ttl]': '3600' }],
];

/** What takes a link alone, which another site does not have. With credentials it is refused even so. */
const holders = () => [
  [`/api/v1/secret/${mine.id}`, { continue: 'true' }],
  [`/api/v1/private/${mine.receipt}/burn`, {}],
  [`/api/v1/metadata/${mine.receipt}/burn`, {}],
  [`/api/v2/secret/${mine.id}/reveal`, { continue: 'true' }],
  [`/api/v2/receipt/${mine.receipt}/burn`, { continue: 'true' }],
  [`/api/v2/private/${mine.receipt}/burn`, { continue: 'true' }],
  ['/api/v2/guest/secret/conceal', { 'secret[secret]': 'planted' }],
  [`/api/v2/guest/secret/${mine.id}/reveal`, { continue: 'true' }],
  [`/api/v2/guest/receipt/${mine.receipt}/burn`, { continue: 'true' }],
];

/** What the account has, and what became of its secret. */
async function state() {
  const [recent, secret, receipt] = await Promise.all([
    api(server, 'GET', '/api/v2/receipt/recent', { account }),
    api(server, 'GET', `/api/v2/secret/${mine.id}/status`, { account }),
    api(server, 'GET', `/api/v2/receipt/${mine.receipt}`, { account }),
  ]);
  const { state: left, has_passphrase: locked } = secret.json.record;
  return { recent: recent.json.records, left, locked, memo: receipt.json.record.memo, seen: receipt.json.record.state };
}

/** Has the page of another site submit a form, into itself or into a frame of its own. */
async function postForm(page, address, fields, { enctype, frame, sandbox } = {}) {
  const answered = page.context().waitForEvent('response', (reply) => reply.url() === address);
  await page.evaluate(([action, values, type, inFrame, isBoxed]) => {
    const form = document.createElement('form');
    Object.assign(form, { method: 'post', action, enctype: type ?? '' });
    for (const [name, value] of Object.entries(values)) {
      const input = document.createElement('input');
      Object.assign(input, { type: 'hidden', name, value });
      form.append(input);
    }
    if (isBoxed) {
      const box = document.createElement('iframe');
      box.sandbox = 'allow-forms allow-scripts allow-top-navigation';
      form.target = '_top';
      box.srcdoc = `${form.outerHTML}<script>document.forms[0].submit()</script>`;
      document.body.append(box);
      return;
    }
    if (inFrame) {
      const box = document.createElement('iframe');
      box.name = 'inside';
      document.body.append(box);
      form.target = 'inside';
    }
    document.body.append(form);
    form.submit();
  }, [address, fields, enctype, frame, sandbox]);
  const reply = await answered;
  if (!frame) await page.waitForURL(address);
  return reply;
}

const JSON_AS_TEXT = { '{"secret":{"secret":"planted","x":"': '"},"continue":true,"memo":"planted"}' };

test('the browser sends the credentials that it remembers, and they are good', async () => {
  const { page } = victim;
  await page.goto(`${server.url}/recent`);
  await page.getByText(account.username).waitFor();
  // A form of our own, sent by the browser itself.
  await page.goto(`${server.url}/receipt/${mine.receipt}`);
  await page.locator('#memo').fill('my own');
  await page.evaluate(() => document.querySelector('#memo').form.submit());
  await page.getByText('The note is saved.').waitFor();
});

for (const [host, path] of ELSEWHERE) {
  const from = `${host}${path === '/hidden' ? ', which hides where it is' : ''}`;

  test(`forms of ${from} change nothing`, async () => {
    const before = await state();
    const { page } = victim;
    let withCredentials = 0;
    const targets = [...owners(), ...holders()];
    for (const [target, fields] of targets) {
      const ways = [[fields, {}], [JSON_AS_TEXT, { enctype: 'text/plain' }]];
      if (target === '/' || target.startsWith('/receipt')) {
        ways.push([fields, { enctype: 'multipart/form-data' }], [fields, { frame: true }]);
        if (host === 'localhost') ways.push([fields, { sandbox: true }]);
      }
      for (const [values, how] of ways) {
        await page.goto(`http://${host}:${site.port}${path}`);
        const reply = await postForm(page, `${server.url}${target}`, values, how);
        const { authorization } = await reply.request().allHeaders();
        if (authorization) withCredentials += 1;
        assert.ok([401, 403].includes(reply.status()), `${target} answered ${reply.status()} to ${JSON.stringify(how)}`);
      }
    }
    assert.ok(withCredentials >= targets.length, `${withCredentials} forms came with credentials`);
    assert.deepEqual(await state(), before);
  });

  test(`scripts and images of ${from} change nothing`, async () => {
    const before = await state();
    const { page } = victim;
    await page.goto(`http://${host}:${site.port}${path}`);
    const all = owners().map(([target, fields]) => [`${server.url}${target}`, new URLSearchParams(fields).toString()]);
    const read = await page.evaluate(async ([list, json]) => {
      const types = [['application/x-www-form-urlencoded', null], ['text/plain', json], ['application/json', json]];
      const read = [];
      for (const [address, form] of list) {
        for (const method of ['POST', 'PATCH', 'PUT']) {
          for (const [type, body] of types) {
            for (const mode of ['no-cors', 'cors']) {
              const options = { method, mode, credentials: 'include', headers: { 'content-type': type }, body: body ?? form };
              const reply = await fetch(address, options).catch(() => null);
              if (reply && reply.type !== 'opaque') read.push(address);
            }
          }
        }
        navigator.sendBeacon(address, new URLSearchParams(form));
        for (const name of ['img', 'script', 'link']) {
          const element = document.createElement(name);
          Object.assign(element, { src: `${address}?${form}`, href: `${address}?${form}`, rel: 'stylesheet' });
          await new Promise((done) => {
            element.onload = done;
            element.onerror = done;
            document.body.append(element);
          });
        }
      }
      return read;
    }, [all, '{"secret":{"secret":"planted"},"continue":true,"memo":"planted"}']);
    assert.deepEqual(read, [], 'no reply can be read');
    assert.deepEqual(await state(), before);
  });
}

test('our pages show themselves in no frame and keep no tie to who opened them', async () => {
  const { page, context } = victim;
  for (const host of ['localhost', '127.0.0.1']) {
    for (const path of ['/', '/recent', `/secret/${mine.id}`, `/receipt/${mine.receipt}`, `/receipt/${mine.receipt}/burn`]) {
      for (const tag of ['iframe', 'object', 'embed']) {
        await page.goto(`http://${host}:${site.port}/`);
        const refused = page.waitForEvent('console', (message) => /frame-ancestors|X-Frame-Options/i.test(message.text()));
        await page.evaluate(([name, address]) => {
          const frame = document.createElement(name);
          frame[name === 'object' ? 'data' : 'src'] = address;
          document.body.append(frame);
        }, [tag, `${server.url}${path}`]);
        await refused;
        const shown = page.frames().slice(1).map((frame) => frame.url());
        assert.ok(shown.every((url) => !url.startsWith(server.url)), `${path} in ${tag}: ${shown}`);
      }
    }
  }
  await page.goto(`http://localhost:${site.port}/`);
  const opening = context.waitForEvent('page');
  await page.evaluate((address) => { window.opened = window.open(address); }, server.url);
  const opened = await opening;
  await opened.waitForLoadState();
  assert.equal(await opened.evaluate(() => window.opener), null);
  await opened.close();
});
