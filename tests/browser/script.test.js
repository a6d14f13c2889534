// What the script adds, on top of pages that work without it.

import assert from 'node:assert/strict';
import jsqr from 'jsqr';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { person } from './person.js';
import { conceal, startBadLine, startBrowser, startServer } from './support.js';

let server;
let browser;

before(async () => {
  server = await startServer('--passphrase-min-length', '8', '--max-secret-size', '2000');
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

/** A story about somebody with script, who may read and write the clipboard. */
function story(name, tell, settings = {}) {
  test(name, async () => {
    const me = await person(browser, server, { script: true, permissions: ['clipboard-read', 'clipboard-write'], ...settings });
    me.clipboard = () => me.page.evaluate(() => navigator.clipboard.readText());
    me.heard = () => me.page.locator('#announcer').textContent();
    me.stored = (area) => me.page.evaluate((name) => ({ ...window[name] }), area);
    me.hears = (text) => me.page.locator('#announcer').getByText(text, { exact: true }).waitFor({ state: 'attached' });
    await tell(me);
    await me.leave();
  });
}

async function make(me, secret = 'hello', passphrase = '') {
  await me.visit('/');
  await me.type('secret', secret);
  await me.type('passphrase', passphrase);
  await me.press('create.submit');
  await me.arrive('created.title');
  return me.value('link');
}

story('the size is counted in bytes, and told once it is too much', async (me) => {
  await me.visit('/');
  const size = me.page.locator('[data-size]');
  assert.equal(await size.isVisible(), false);
  await me.type('secret', 'äöü€😀');
  assert.equal(await size.textContent(), me.say('create.size', { n: '13', most: '2,000' }));
  await me.type('secret', 'x'.repeat(2001));
  assert.match(await size.getAttribute('class'), /over-limit/);
  await me.press('create.submit');
  await me.field('secret-problem').getByText(me.say('rule.too-long', { n: 2000 })).waitFor();
  assert.equal(await me.value('secret'), 'x'.repeat(2001));
});

story('the field grows with the text', async (me) => {
  await me.visit('/');
  const height = async () => (await me.field('secret').boundingBox()).height;
  const before = await height();
  await me.type('secret', 'line\n'.repeat(15));
  assert.ok((await height()) > before + 100);
});

story('the moment of expiry is told in local time', async (me) => {
  await me.page.clock.setFixedTime('2026-03-01T12:00:00Z');
  await me.visit('/');
  await me.choose('ttl', '300');
  // Kathmandu is 5:45 ahead.
  assert.match(await me.page.locator('#ttl-hint').textContent(), /March 1, 2026 at 5:50.PM/);
}, { timezoneId: 'Asia/Kathmandu' });

story('Ctrl+Enter makes the link, which is selected and announced', async (me) => {
  await me.visit('/');
  await me.type('secret', 'hello');
  await me.page.keyboard.press('Control+Enter');
  await me.arrive('created.title');
  await me.hears(me.say('created.title'));
  const [selected, link] = await me.page.locator('#link').evaluate((field) => [
    field === document.activeElement && field.value.slice(field.selectionStart, field.selectionEnd),
    field.value,
  ]);
  assert.equal(selected, link);
});

story('without an answer from the server nothing typed is lost', async (me) => {
  await me.visit('/');
  await me.type('secret', 'typed with care');
  await me.type('passphrase', 'long enough');
  await me.choose('ttl', '3600');
  await me.page.route('**/*', (route) => route.abort('connectionreset'));
  await me.press('create.submit');
  assert.equal((await me.problem()).trim(), me.say('layout.no-answer'));
  await me.press('create.submit');
  await me.page.waitForTimeout(100);
  assert.equal(await me.page.locator('.problem').count(), 1);
  assert.deepEqual(
    [await me.value('secret'), await me.value('passphrase'), await me.value('ttl')],
    ['typed with care', 'long enough', '3600'],
  );
  await me.page.unroute('**/*');
  await me.press('create.submit');
  await me.arrive('created.title');
  const lost = me.complaints.splice(0);
  assert.ok(lost.length > 0 && lost.every((complaint) => /ERR_CONNECTION_RESET/.test(complaint)), lost.join('\n'));
});

story('without an answer to a reveal the page does not say that the secret is lost, and asks again', async (me) => {
  await me.visit((await conceal(server, 'hello')).link);
  await me.page.route('**/*', (route) => route.abort('connectionreset'));
  await me.press('secret.submit');
  assert.equal((await me.problem()).trim(), me.say('secret.no-answer'));
  await me.page.unroute('**/*');
  await me.arrive('revealed.title');
  me.complaints.length = 0;
});

/** A story about somebody on a line that cuts the first so many replies to reveals. */
function storyOnABadLine(name, times, tell) {
  test(name, async () => {
    const line = await startBadLine(server.url, times);
    const me = await person(browser, line, { script: true });
    await tell(me, line);
    me.complaints.length = 0; // The browser complains of what this line does.
    await me.leave();
    line.stop();
  });
}

storyOnABadLine('a secret whose reply is cut off arrives all the same, under one key', 2, async (me, line) => {
  const { id } = await conceal(server, 'through a bad line');
  await me.visit(`/secret/${id}`);
  await me.press('secret.submit');
  await me.arrive('revealed.title');
  assert.equal(await me.value('value'), 'through a bad line');
  const [key, ...again] = line.keys;
  assert.match(key, /^[0-9a-f]{32}$/);
  assert.deepEqual(again, [key, key]);
  // To all others, and to the same person anew, it is gone.
  await me.visit(`/secret/${id}`);
  await me.arrive('gone.title');
});

storyOnABadLine('a wrong passphrase is told at once, and the next try has a key of its own', 0, async (me, line) => {
  const { id } = await conceal(server, 'hello', { passphrase: 'right one' });
  await me.visit(`/secret/${id}`);
  for (const [passphrase, title] of [['wrong one', 'secret.title'], ['right one', 'revealed.title']]) {
    await me.type('passphrase', passphrase);
    const answered = me.page.waitForResponse((reply) => reply.request().method() === 'POST');
    await me.press('secret.submit');
    await answered;
    await me.arrive(title);
    if (title === 'secret.title') await me.page.locator('[aria-invalid=true]').waitFor();
  }
  assert.equal(new Set(line.keys).size, 2);
  assert.equal(line.keys.length, 2);
});

story('the example of a password keeps to the choices', async (me) => {
  await me.visit('/');
  await me.unfold('generate.open');
  const example = () => me.page.locator('[data-preview] output').textContent();
  const first = await example();
  assert.match(first, /^[!-~]{20}$/);
  await me.press('generate.another');
  assert.notEqual(await example(), first);
  await me.type('generate-length', '64');
  for (const kind of ['uppercase', 'lowercase', 'symbols']) await me.tick(`generate.${kind}`);
  assert.match(await example(), /^[34679]{64}$/);
  await me.tick('generate.unambiguous');
  const drawn = new Set();
  for (let turn = 0; turn < 5; turn += 1) {
    await me.press('generate.another');
    [...(await example())].forEach((letter) => drawn.add(letter));
  }
  assert.deepEqual([...drawn].sort().join(''), '0123456789');
  await me.tick('generate.numbers');
  assert.equal(await example(), '');
});

story('copying says so, and the clipboard holds it', async (me) => {
  const link = await make(me, 'hello', 'long enough');
  const copies = [
    ['created.copy-link', link],
    ['created.copy-passphrase', 'long enough'],
  ];
  for (const [button, text] of copies) {
    const copied = me.page.getByRole('button', { name: me.say('created.copied'), exact: true });
    await me.press(button);
    await copied.waitFor();
    await me.hears(me.say('created.copied'));
    assert.equal(await me.clipboard(), text);
    await copied.waitFor({ state: 'detached' });
  }
  assert.equal(await me.field('passphrase').getAttribute('type'), 'password');
  await me.press('terms.show');
  assert.equal(await me.field('passphrase').getAttribute('type'), 'text');
});

story('without the right to the clipboard copying still works', async (me) => {
  await me.page.addInitScript(() => { delete Navigator.prototype.clipboard; });
  await make(me, 'hello', 'long enough');
  for (const button of ['created.copy-link', 'created.copy-passphrase']) {
    await me.press(button);
    await me.page.getByRole('button', { name: me.say('created.copied'), exact: true }).waitFor();
    await me.page.getByRole('button', { name: me.say(button), exact: true }).waitFor();
  }
  assert.equal(await me.field('passphrase').getAttribute('type'), 'password');
});

for (const scheme of ['light', 'dark']) {
  story(`the QR code is the link, ${scheme}`, async (me) => {
    const link = await make(me);
    await me.unfold('created.qr');
    const picture = await me.page.locator('.qr svg').screenshot();
    const { data, width, height } = await pixels(picture);
    assert.equal(jsqr(Uint8ClampedArray.from(data), width, height)?.data, link);
  }, { scheme });
}

/** The red, green, blue and opaqueness of each point of a picture, as a browser sees it. */
async function pixels(picture) {
  const page = await browser.newPage();
  const points = await page.evaluate(async (address) => {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const pen = canvas.getContext('2d');
    pen.drawImage(image, 0, 0);
    const { data, width, height } = pen.getImageData(0, 0, image.width, image.height);
    return { data: [...data], width, height };
  }, `data:image/png;base64,${picture.toString('base64')}`);
  await page.close();
  return points;
}

story('the link is shared by the system, where it can', async (me) => {
  const shared = me.page.getByRole('button', { name: me.say('created.share') });
  await make(me);
  const offers = await me.page.evaluate(() => 'share' in navigator);
  assert.equal(await shared.isVisible(), offers);
  await me.page.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, 'share', { value: (what) => { window.shared = what; return Promise.resolve(); } });
  });
  const link = await make(me);
  await shared.click();
  assert.deepEqual(await me.page.evaluate(() => window.shared), { url: link });
  await me.page.addInitScript(() => { Object.defineProperty(Navigator.prototype, 'share', { value: undefined }); });
});

story('another one begins with an empty form', async (me) => {
  await make(me);
  await me.follow('created.another');
  await me.arrive('create.title');
  assert.deepEqual([await me.value('secret'), await me.value('passphrase')], ['', '']);
});

const BYTES = '\ta\rb\r\nc\n\u{1f469}‍\u{1f680} é \u{202e}rtl\u{feff} ]]> &amp; \u{7f}\n\n';

story('a secret is copied and saved byte for byte, and wraps if wished', async (me) => {
  await me.visit((await conceal(server, BYTES)).link);
  await me.press('secret.submit');
  await me.arrive('revealed.title');
  await me.hears(me.say('revealed.title'));
  assert.ok((await me.page.title()).startsWith(me.say('revealed.title')));
  assert.equal(await me.page.evaluate(() => document.activeElement.tagName), 'H1');
  const [download] = await Promise.all([me.page.waitForEvent('download'), me.press('revealed.save')]);
  assert.equal(download.suggestedFilename(), 'secret.txt');
  assert.deepEqual(readFileSync(await download.path()), Buffer.from(BYTES));
  await me.press('revealed.copy');
  await me.hears(me.say('created.copied'));
  assert.equal(await me.clipboard(), BYTES);
  const wrap = () => me.field('value').evaluate((field) => getComputedStyle(field).whiteSpace);
  const wrapped = await wrap();
  await me.tick('revealed.wrap');
  assert.notEqual(await wrap(), wrapped);
  await me.tick('revealed.wrap');
  assert.equal(await wrap(), wrapped);
});

story('a link that leads nowhere says so at once, and a screen reader hears it', async (me) => {
  await me.visit(`/secret/${'a'.repeat(31)}`);
  await me.arrive('gone.title');
  await me.hears(me.say('gone.title'));
});

story('going to the content loses nothing that is shown once', async (me) => {
  await me.visit((await conceal(server, 'shown once')).link);
  await me.press('secret.submit');
  await me.arrive('revealed.title');
  const skip = me.page.getByRole('link', { name: me.say('layout.skip') });
  for (const turn of [1, 2]) {
    await skip.focus();
    await me.page.keyboard.press('Enter');
    await me.page.waitForTimeout(200);
    assert.equal(await me.value('value'), 'shown once', `turn ${turn}`);
  }
  await me.page.goBack();
  assert.equal(await me.value('value'), 'shown once');
});

story('the time left is counted down', async (me) => {
  await me.visit((await conceal(server, 'hello', { ttl: 3600 })).receiptLink);
  const left = me.page.locator('[data-until]');
  const first = await left.textContent();
  assert.match(first, /^(1 hour|59 minutes, 5\d seconds)$/);
  await me.page.waitForTimeout(1100);
  assert.notEqual(await left.textContent(), first);
});

story('when the time is up, the receipt is asked for once, even by a clock that is wrong', async (me) => {
  await me.page.clock.install({ time: Date.now() });
  await me.visit((await conceal(server, 'hello', { ttl: 60 })).receiptLink);
  const asked = () => me.asked.filter((url) => url.includes('/receipt/')).length;
  assert.equal(await asked(), 1);
  await me.page.clock.runFor(120_000);
  await me.page.waitForTimeout(500);
  assert.equal(await asked(), 2);
  // The server knows better, and its own words stand.
  assert.equal(await me.title(), me.say('receipt.waiting'));
  assert.match(await me.page.locator('[data-until]').textContent(), /second|minute/);
});

story('an account is kept in memory alone, unless wished otherwise', async (me) => {
  const account = await server.account();
  await conceal(server, 'hello', { account });
  await me.visit('/recent');
  await me.type('user', account.username);
  await me.type('token', 'f'.repeat(40));
  await me.press('mine.sign-in');
  await me.page.getByText(me.say('mine.wrong')).waitFor();

  await me.type('user', account.username);
  await me.type('token', account.password);
  await me.press('mine.sign-in');
  await me.page.locator('.receipts').waitFor();
  assert.deepEqual([await me.stored('localStorage'), await me.stored('sessionStorage')], [{}, {}]);
  assert.deepEqual(await me.context.cookies(), []);
  await me.visit('/recent');
  await me.arrive('mine.title');
  assert.equal(await me.page.locator('.receipts').count(), 0);

  await me.type('user', account.username);
  await me.type('token', account.password);
  await me.tick('mine.stay');
  await me.press('mine.sign-in');
  await me.page.locator('.receipts').waitFor();
  assert.deepEqual(await me.stored('localStorage'), {});
  assert.deepEqual(await me.stored('sessionStorage'), { account: `${account.username}:${account.password}` });
  await me.visit('/recent');
  await me.page.locator('.receipts').waitFor();
  await me.press('layout.sign-out');
  await me.arrive('create.title');
  assert.deepEqual(await me.stored('sessionStorage'), {});
  await me.follow('layout.mine');
  await me.arrive('mine.title');
  assert.equal(await me.page.locator('.receipts').count(), 0);
});

story('receipts are kept in this browser only after consent, and can be forgotten', async (me) => {
  const own = me.page.locator('[data-here]');
  await make(me);
  await me.follow('layout.mine');
  await own.getByText(me.say('mine.here-none')).waitFor();
  assert.deepEqual(await me.stored('localStorage'), {});

  await make(me);
  await me.press('created.remember');
  await me.page.getByText(me.say('created.remembered')).waitFor();
  await make(me);
  await me.page.getByText(me.say('created.remembered')).waitFor();
  await me.follow('layout.mine');
  await own.locator('.receipts li').nth(1).waitFor();
  assert.equal(await own.locator('.receipts li').count(), 2);
  await own.getByRole('link', { name: me.say('receipt.burn') }).first().click();
  await me.arrive('burn.title');
  await me.press('burn.submit');
  await me.arrive('receipt.burned');
  await me.follow('layout.mine');
  await own.getByText(me.say('mine.burned'), { exact: true }).waitFor();

  await me.press('mine.forget');
  await own.getByText(me.say('mine.forgotten')).waitFor();
  assert.deepEqual(await me.stored('localStorage'), {});
  await me.visit('/recent');
  await own.getByText(me.say('mine.here-none')).waitFor();
});

story('the language is remembered', async (me) => {
  await me.visit('/');
  await me.choose('language', 'de');
  await me.page.getByRole('heading', { name: me.sayIn('de', 'create.title'), exact: true }).waitFor();
  assert.equal(await me.page.evaluate(() => document.activeElement.id), 'language', 'arrow keys can go on from there');
  await me.visit('/');
  await me.page.getByRole('heading', { name: me.sayIn('de', 'create.title'), exact: true }).waitFor();
  await me.choose('language', 'ar');
  await me.page.getByRole('heading', { name: me.sayIn('ar', 'create.title'), exact: true }).waitFor();
  assert.equal(await me.page.locator('html').getAttribute('dir'), 'rtl');
});

story('light and dark follow the system until somebody switches, which is remembered', async (me) => {
  const ground = () => me.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await me.visit('/');
  const light = await ground();
  await me.page.emulateMedia({ colorScheme: 'dark' });
  const dark = await ground();
  assert.notEqual(light, dark);
  await me.press('layout.theme');
  assert.equal(await ground(), light);
  await me.visit('/recent');
  assert.equal(await ground(), light);
  await me.press('layout.theme');
  assert.equal(await ground(), dark);
});

story('a page with a script of its own is left to the browser, even for somebody signed in', async (me) => {
  await me.visit('/');
  await me.page.evaluate(() => sessionStorage.setItem('account', 'frank@example.com:c0ffee'));
  let loads = 0;
  me.page.on('load', () => { loads += 1; });
  await me.visit('/api');
  await me.page.waitForTimeout(1000);
  assert.equal(loads, 1);
  assert.ok(await me.page.locator('main').getByRole('button').first().isVisible());
});

test('the operator puts name, colour, logo and links', async (t) => {
  const logo = join(tmpdir(), `tellonce-logo-${process.pid}.svg`);
  writeFileSync(logo, '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20"/></svg>');
  const branded = await startServer(
    ...['--brand-name', 'Acme & Söhne', '--brand-accent', '#7a1fa2', '--brand-logo', logo],
    ...['--brand-links', 'Imprint=https://example.com/imprint,Help=mailto:help@example.com'],
  );
  t.after(() => branded.stop());
  const me = await person(browser, branded, { script: true });
  await me.visit('/');
  assert.equal((await me.page.locator('.brand').innerText()).trim(), 'Acme & Söhne');
  assert.ok((await me.page.title()).endsWith(' – Acme & Söhne'));
  assert.equal(await me.page.locator('.brand img').evaluate((image) => image.naturalWidth), 40);
  const button = me.page.locator('form .button').first();
  assert.equal(await button.evaluate((element) => getComputedStyle(element).backgroundColor), 'rgb(122, 31, 162)');
  const links = await me.page.locator('footer .links a').evaluateAll((all) => all.map((link) => [link.textContent, link.href]));
  assert.deepEqual(links, [['Imprint', 'https://example.com/imprint'], ['Help', 'mailto:help@example.com']]);
  await me.leave();
});

test('going back and forward shows no secret again', async (t) => {
  const remembering = await startBrowser({ remembersPages: true });
  t.after(() => remembering.close());
  for (const script of [true, false]) {
    const me = await person(remembering, server, { script });
    const text = 'seen once and never again';
    // Where the page was the answer to a form, the browser may have nothing to go back to.
    const travel = async (direction) => {
      await me.page[direction]({ waitUntil: 'commit' }).catch(() => {});
      await me.page.waitForTimeout(300);
      const values = await me.page.locator('textarea, input').evaluateAll((all) => all.map((field) => field.value));
      return [await me.page.content(), ...values].join('\n');
    };
    const away = () => me.page.goto(`${server.url}/recent`);
    await away();
    await me.page.goto(server.url);
    await me.type('secret', text);
    await me.press('create.submit');
    await me.arrive('created.title');
    const link = await me.value('link');
    await away();
    const afterMaking = await travel('goBack');
    assert.ok(!afterMaking.includes(text) && !afterMaking.includes(link), `after making, script: ${script}`);
    await away();
    await me.page.goto(link);
    await me.press('secret.submit');
    await me.arrive('revealed.title');
    await away();
    for (const direction of ['goBack', 'goBack', 'goForward', 'goForward']) {
      assert.ok(!(await travel(direction)).includes(text), `after reading, ${direction}, script: ${script}`);
    }
    await me.close();
  }
});
