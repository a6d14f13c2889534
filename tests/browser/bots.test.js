// Programs that open links on their own: previews of chats, scanners of mails, prefetching browsers.
// None of them consumes a secret, and nothing changes but the count of looks.

import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { after, before, test } from 'node:test';
import { api, conceal, openPage, startBrowser, startServer, startSite } from './support.js';

const AGENTS = [
  'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
  'Slack-ImgProxy (+https://api.slack.com/robots)',
  'Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com',
  'Mozilla/5.0 (compatible; MicrosoftPreview/2.0; +https://aka.ms/MicrosoftPreview)',
  'Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17328; Pro)',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Teams/1.6 Safari/537.36',
  'Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0) SafeLinks',
  'Mozilla/5.0 (compatible; ms-office; MSOffice 16)',
  'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
  'Mozilla/5.0 (compatible; BingPreview/1.0b)',
  'facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)',
  'facebookcatalog/1.0',
  'Facebot/1.0',
  'meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)',
  'WhatsApp/2.23.20.0 A',
  'WhatsApp/2.2413.51 W',
  'TelegramBot (like TwitterBot)',
  'Twitterbot/1.0',
  'LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)',
  'Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)',
  'SignalLinkPreview/1.0 WhatsApp/2',
  'Synapse (bot; +https://github.com/matrix-org/synapse)',
  'Matrix-Media-Repo/1.3.4 (url preview)',
  'Mattermost-Bot/1.1',
  'Rocket.Chat OEmbed/1.0',
  'Zulip URL Preview; +https://zulip.com',
  'Mozilla/5.0 (compatible; Google-Apps-Script; beanserver)',
  'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (via ggpht.com GoogleImageProxy)',
  'Google-PageRenderer Google (+https://developers.google.com/+/web/snippet/)',
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'Mozilla/5.0 (Linux; Android 6.0.1) AppleWebKit/537.36 (compatible; Google-Safety; +http://www.google.com/bot.html)',
  'Chat-URL-Preview Google-Hangouts',
  'Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Applebot/0.1 facebookexternalhit/1.1 Facebot Twitterbot/1.0',
  'iMessageBot/1.0 LinkPresentation',
  'Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)',
  'YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html',
  'Mozilla/5.0 (compatible; Barracuda Sentinel (EE))',
  'Mozilla/5.0 (compatible; Proofpoint URL Defense/1.0)',
  'Mozilla/5.0 (compatible; Mimecast Targeted Threat Protection)',
  'Mozilla/5.0 (compatible; FireEye ETP/1.0; URL dynamic analysis)',
  'Cisco-IronPort-WSA/12.0 (URL scanner)',
  'Sophos URL Scanner/2.1',
  'TrendMicro WRS crawler/3.0',
  'Symantec ClickTime Protection/1.0',
  'Mozilla/5.0 (compatible; Fortinet FortiMail click protect)',
  'VirusTotalCloud urlscan.io/1.0',
  'Mozilla/5.0 (compatible; Pinterestbot/1.0; +http://www.pinterest.com/bot.html)',
  'Embedly/0.2 (compatible; http://support.embed.ly/)',
  'Iframely/1.3.1 (+https://iframely.com/docs/about)',
  'redditbot/1.0 (+http://www.reddit.com/feedback)',
  'W3C_Validator/1.3 http://validator.w3.org/services link checker',
  'curl/8.5.0',
];
const METHODS = ['GET', 'HEAD', 'OPTIONS'];
const HASTE = [
  {},
  { purpose: 'prefetch' },
  { 'x-purpose': 'preview' },
  { 'x-moz': 'prefetch' },
  { 'sec-purpose': 'prefetch' },
  { 'sec-purpose': 'prefetch;prerender', 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate' },
  { 'sec-purpose': 'prefetch;anonymous-client-ip' },
];

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

const addresses = ({ id, receipt }) => [
  `/secret/${id}`,
  `/secret/${id}/ask`,
  `/receipt/${receipt}`,
  `/private/${receipt}`,
  `/receipt/${receipt}/burn`,
];

/** Everything about a secret but what counts looks, and how many there were. */
async function state({ id, receipt }) {
  const [secret, record] = await Promise.all([
    api(server, 'GET', `/api/v2/secret/${id}/status`),
    api(server, 'GET', `/api/v2/receipt/${receipt}`),
  ]);
  const { details } = record.json;
  const looks = Number(details.view_count);
  const counts = new Set(['view_count', 'first_access', 'last_access', 'secret_realttl', 'current_expiration']);
  counts.add('is_previewed').add('is_viewed').add('previewed').add('viewed').add('updated').add('shared');
  const rest = JSON.stringify([secret.json, record.json], (key, value) => (counts.has(key) ? undefined : value));
  return { looks, rest };
}

function send(agent, method, path, headers) {
  return new Promise((answered, failed) => {
    const asked = request(`${server.url}${path}`, { agent, method, headers }, (reply) => {
      reply.resume().on('end', () => answered(reply.statusCode));
    });
    asked.once('error', failed).end();
  });
}

/** One may still read it, once. */
async function isStillThere({ id, plaintext }) {
  const body = { continue: true };
  const first = await api(server, 'POST', `/api/v2/secret/${id}/reveal`, { body });
  assert.equal(first.json.record?.secret_value, plaintext);
  assert.equal((await api(server, 'POST', `/api/v2/secret/${id}/reveal`, { body })).status, 404);
}

const secret = async (plaintext, wishes) => ({ plaintext, ...(await conceal(server, plaintext, wishes)) });

test(`${AGENTS.length} previews and scanners consume nothing`, async () => {
  assert.ok(AGENTS.length >= 50 && new Set(AGENTS).size === AGENTS.length);
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const targets = [await secret('left alone'), await secret('left alone', { passphrase: 'swordfish' })];
  const before = await Promise.all(targets.map(state));
  const sent = AGENTS.flatMap((name) => METHODS.flatMap((method) => HASTE.flatMap((haste) =>
    targets.flatMap(addresses).map(async (path) => {
      const status = await send(agent, method, path, { ...haste, 'user-agent': name });
      assert.equal(status, method === 'OPTIONS' ? 204 : 200, `${method} ${path}`);
    }),
  )));
  await Promise.all(sent);
  agent.destroy();
  const after = await Promise.all(targets.map(state));
  // What follows would find a change: each GET of the link counted.
  assert.deepEqual(after.map(({ looks }) => looks), targets.map(() => AGENTS.length * HASTE.length));
  assert.deepEqual(after.map(({ rest }) => rest), before.map(({ rest }) => rest));
  await isStillThere(targets[0]);
});

test('a browser that loads the pages and waits consumes nothing', async () => {
  const target = await secret('left alone');
  const before = await state(target);
  const open = addresses(target).flatMap((path) => [true, false].map(async (script) => {
    const { page, complaints, close } = await openPage(browser, { script });
    await page.goto(`${server.url}${path}`);
    await page.waitForTimeout(10_000);
    assert.deepEqual(complaints, []);
    await close();
  }));
  await Promise.all(open);
  const after = await state(target);
  assert.ok(after.looks > before.looks);
  assert.equal(after.rest, before.rest);
  await isStillThere(target);
});

test('a browser that prefetches and prerenders the pages consumes nothing', async () => {
  const target = await secret('left alone');
  const before = await state(target);
  const hasty = [];
  const rules = {
    prefetch: [{ source: 'list', urls: addresses(target), eagerness: 'immediate' }],
    prerender: [{ source: 'list', urls: addresses(target), eagerness: 'immediate' }],
  };
  const links = addresses(target).map((path) => `<link rel="prefetch" href="${path}"><link rel="prerender" href="${path}">`);
  const trap = `<!doctype html><title>Trap</title>${links.join('')}<script type="speculationrules">${JSON.stringify(rules)}</script>`;
  // The same origin as the pages, as far as the browser can tell: only then it goes all the way.
  const site = await startSite((asked, answer) => {
    if (asked.url === '/trap') {
      answer.writeHead(200, { 'content-type': 'text/html' }).end(trap);
      return;
    }
    if (asked.headers['sec-purpose'] ?? asked.headers.purpose) hasty.push(asked.url);
    const { method, headers } = asked;
    asked.pipe(request(`${server.url}${asked.url}`, { method, headers }, (reply) => {
      answer.writeHead(reply.statusCode, reply.headers);
      reply.pipe(answer);
    }));
  });
  const { page, close } = await openPage(browser);
  await page.goto(`http://127.0.0.1:${site.port}/trap`);
  await page.waitForTimeout(10_000);
  await close();
  site.stop();
  assert.ok(addresses(target).every((path) => hasty.includes(path)), `the browser was hasty: ${hasty}`);
  const after = await state(target);
  assert.equal(after.rest, before.rest);
  await isStillThere(target);
});
