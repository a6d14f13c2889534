// Servers of one's own and a browser to look at them with.

import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';

const ROOT = resolve(import.meta.dirname, '../..');
export const PROGRAM = process.env.TELLONCE_BIN ?? join(ROOT, 'target/debug/tellonce');
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const SCREENSHOTS = join(ROOT, 'target/screenshots');

mkdirSync(SCREENSHOTS, { recursive: true });

/** What the program says in a language, by the keys of its sentences. */
export function words(tag) {
  const sentences = JSON.parse(readFileSync(join(ROOT, `static/locales/${tag}.json`)));
  return (key, values = {}) => {
    if (!(key in sentences)) throw new Error(`${tag} has no words for ${key}`);
    return sentences[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  };
}

const folder = (name) => mkdtempSync(join(tmpdir(), `tellonce-${name}-`));

/**
 * Starts the program on a free port and resolves to its address once it is ready. The address is read
 * from the log: what Node calls a pipe is a socket, which `--ready-fd` cannot open.
 */
export async function startServer(...flags) {
  const data = folder('browser');
  const server = spawn(PROGRAM, ['serve', '--listen', '127.0.0.1:0', '--data', data, ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // All journeys come from one source.
    env: { TELLONCE_LIMITS: 'off', TELLONCE_PASSPHRASE_ATTEMPTS_SOURCE: '0' },
  });
  const log = [];
  const url = await new Promise((ready, failed) => {
    createInterface({ input: server.stderr }).on('line', (line) => {
      log.push(line);
      const address = /\bready url=(\S+)/.exec(line);
      if (address) ready(address[1]);
    });
    server.once('error', failed);
    server.once('exit', (code) => failed(new Error(`the server ended with ${code}:\n${log.join('\n')}`)));
  });
  const stop = async () => {
    const ended = new Promise((done) => server.once('exit', done));
    server.kill('SIGTERM');
    await ended;
    rmSync(data, { recursive: true });
  };
  return { url, log, stop, account: () => makeAccount(data) };
}

let accounts = 0;

/** A new account as what HTTP Basic takes, and browsers ask for. */
async function makeAccount(data) {
  accounts += 1;
  const username = `frank.${accounts}@example.com`;
  const { stdout } = await promisify(execFile)(PROGRAM, ['account', 'add', username, '--data', data]);
  const password = /\b[0-9a-f]{32,}\b/.exec(stdout)[0];
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return { username, password, authorization };
}

/** A mail server that accepts everything and keeps it. */
export async function startMailServer() {
  const mails = [];
  const server = createTcpServer((socket) => {
    let mail = null;
    socket.write('220 mail.example ESMTP\r\n');
    socket.on('error', () => {});
    createInterface({ input: socket }).on('line', (line) => {
      if (mail !== null && line !== '.') {
        mail.push(line);
        return;
      }
      if (mail !== null) mails.push(mail.join('\n'));
      mail = mail === null && /^DATA/i.test(line) ? [] : null;
      socket.write(mail ? '354 go on\r\n' : /^QUIT/i.test(line) ? '221 bye\r\n' : '250 fine\r\n');
    });
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  return { port: server.address().port, mails, stop: () => server.close() };
}

/**
 * A bad line to a server: it passes everything on, but cuts the connection in place of the first so many
 * replies to a reveal, once the server has answered.
 */
export async function startBadLine(url, times) {
  const line = { left: times, keys: [] };
  const server = createHttpServer((request, response) => {
    const { method, headers } = request;
    const onward = httpRequest(url + request.url, { method, headers }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => {
        const isReveal = method === 'POST' && request.url.startsWith('/secret/');
        if (isReveal) line.keys.push(headers['idempotency-key']);
        if (isReveal && line.left > 0) {
          line.left -= 1;
          request.socket.resetAndDestroy();
          return;
        }
        response.writeHead(answer.statusCode, answer.headers);
        response.end(Buffer.concat(parts));
      });
    });
    request.pipe(onward);
  });
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  line.url = `http://127.0.0.1:${server.address().port}`;
  line.stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return line;
}

/** A site of somebody else: `answer(request, response)` says what is there. */
export async function startSite(answer) {
  const server = createHttpServer(answer);
  await new Promise((ready) => server.listen(0, ready));
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { port: server.address().port, stop };
}

/** Asks the API, as a program does; resolves to the status and what JSON it answered. */
export async function api(server, method, path, { body, account } = {}) {
  const headers = { ...(body && { 'content-type': 'application/json' }) };
  if (account) headers.authorization = account.authorization;
  const reply = await fetch(`${server.url}${path}`, { method, headers, body: body && JSON.stringify(body) });
  return { status: reply.status, json: await reply.json() };
}

/** Makes a secret by the API; resolves to its identifiers and addresses. */
export async function conceal(server, secret, { account, ...wishes } = {}) {
  const { status, json } = await api(server, 'POST', '/api/v2/secret/conceal', {
    account,
    body: { secret: { secret, ...wishes } },
  });
  if (status !== 200) throw new Error(`conceal answered ${status}`);
  const [id, receipt] = [json.record.secret.identifier, json.record.receipt.identifier];
  return { id, receipt, link: `${server.url}/secret/${id}`, receiptLink: `${server.url}/receipt/${receipt}` };
}

export function startBrowser({ remembersPages = false } = {}) {
  return chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
    // Playwright switches off what a going back may bring up again.
    ignoreDefaultArgs: remembersPages ? ['--disable-back-forward-cache'] : [],
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A page that remembers what a browser complained about, where it asked, and how often it loaded. */
export async function openPage(browser, { width = 768, scheme = 'light', script = true, tag = 'en', ...more } = {}) {
  const context = await browser.newContext({
    javaScriptEnabled: script,
    colorScheme: scheme,
    locale: tag,
    viewport: { width, height: width < 500 ? 740 : 900 },
    ...more,
  });
  context.setDefaultTimeout(10_000);
  const page = await context.newPage();
  const [complaints, asked, loads] = [[], [], []];
  page.on('console', (message) => {
    // That a page came with such a status is what these tests ask for.
    const isStatus = /status of (401|403|404|422|503)/.test(message.text());
    if (['error', 'warning'].includes(message.type()) && !isStatus) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) => {
    // Going on before the icon has come is no failure.
    const why = request.failure()?.errorText;
    if (why !== 'net::ERR_ABORTED') complaints.push(`${why}: ${request.url()}`);
  });
  page.on('request', (request) => {
    asked.push(request.url());
    if (request.resourceType() === 'document') loads.push(request.url());
  });
  return { page, context, complaints, asked, loads, close: () => context.close() };
}
