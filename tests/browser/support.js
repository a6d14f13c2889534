// A server of one's own and a browser to look at it with.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const ROOT = resolve(import.meta.dirname, '../..');
const PROGRAM = process.env.TELLONCE_BIN ?? join(ROOT, 'target/debug/tellonce');
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const SCREENSHOTS = join(ROOT, 'target/screenshots');

mkdirSync(SCREENSHOTS, { recursive: true });

/**
 * Starts the program on a free port and resolves to its address once it is ready. The address is read
 * from the log: what Node calls a pipe is a socket, which `--ready-fd` cannot open.
 */
export async function startServer(...flags) {
  const data = mkdtempSync(join(tmpdir(), 'tellonce-browser-'));
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
  return { url, stop };
}

export function startBrowser() {
  return chromium.launch({
    executablePath: CHROMIUM,
    headless: true,
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

/** A page that remembers what a browser complained about and where it asked. */
export async function openPage(browser, { width, scheme, script }) {
  const context = await browser.newContext({
    javaScriptEnabled: script,
    colorScheme: scheme,
    viewport: { width, height: width < 500 ? 740 : 900 },
  });
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => {
    // That a page came with 404 or 422 is what these tests ask for.
    const isStatus = /status of (404|422)/.test(message.text());
    if (['error', 'warning'].includes(message.type()) && !isStatus) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) => {
    // Going on before the icon has come is no failure.
    const why = request.failure()?.errorText;
    if (why !== 'net::ERR_ABORTED') complaints.push(`${why}: ${request.url()}`);
  });
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  return { page, complaints, asked, close: () => context.close() };
}
