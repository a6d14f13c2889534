// Makes the pages quicker and handier where a script may run; without it they all work. It asks the
// server for the same pages and shows their parts, so there is one set of pages and one set of words.
// No markup is ever made from text here: Trusted Types are enforced, and no policy exists.
(() => {
  'use strict';

  const root = document.documentElement;

  // What this browser remembers; where it may not, nothing is remembered.
  const memory = (area) => ({
    get: (key) => { try { return window[area].getItem(key); } catch { return null; } },
    set: (key, value) => { try { window[area].setItem(key, value); } catch { /* not allowed */ } },
    drop: (key) => { try { window[area].removeItem(key); } catch { /* not allowed */ } },
  });
  const forGood = memory('localStorage');
  const forNow = memory('sessionStorage');

  const theme = forGood.get('theme');
  if (theme === 'light' || theme === 'dark') root.dataset.theme = theme;

  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const language = () => root.lang;
  const announce = (text) => { document.getElementById('announcer').textContent = text; };

  // ---- Pages ----------------------------------------------------------------------------------

  // Pages that this script takes people to and from. Others, with scripts of their own, the browser loads.
  const PAGES = /^\/($|recent$|secret\/|receipt\/|private\/)/;
  const isPage = (url) => PAGES.test(new URL(url, location.href).pathname);

  let account = null; // "user:token", in memory alone unless the person asks otherwise.
  let latest = 0; // Only the answer to the latest question is shown.

  const bare = (url) => url.split('#')[0];
  let shown = bare(location.href); // The address of the page that is here.

  const encoded = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

  /**
   * Asks for a page; resolves to its document, status and address, or to null without an answer. With a
   * key, an answer that may still come resolves to 'later'.
   */
  function ask(method, url, body, key) {
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.open(method, url);
      request.responseType = 'document';
      if (key) request.setRequestHeader('Idempotency-Key', key);
      if (account) request.setRequestHeader('Authorization', `Basic ${encoded(account)}`);
      request.onload = () => {
        const page = request.response;
        const answer = page?.querySelector('main') ? { page, status: request.status, url } : null;
        const isLater = key && request.status === 503 && request.getResponseHeader('Retry-After');
        resolve(isLater ? { ...answer, isLater } : answer);
      };
      request.onerror = () => resolve(key ? { isLater: true } : null);
      request.send(body);
    });
  }

  /** Puts a page in the place of this one. */
  function put({ page, url }, kept = {}) {
    document.title = page.title;
    root.lang = page.documentElement.lang;
    root.dir = page.documentElement.dir;
    for (const part of ['header', 'main', 'footer']) {
      document.querySelector(part).replaceWith(document.adoptNode(page.querySelector(part)));
    }
    if (url && url !== location.href) history.pushState(null, '', url);
    shown = bare(location.href);
    enhance(kept);
  }

  /** The same for one that somebody asked for: they are taken to its beginning, and told what it is. */
  function show(reply, { focus = 'main [autofocus], main [data-select]', ...kept } = {}) {
    put(reply, kept);
    scrollTo(0, 0);
    const heading = document.querySelector('main h1');
    heading.tabIndex = -1;
    (document.querySelector(focus) ?? heading).focus();
    announce(heading.textContent);
  }

  /** Goes to a page by its address, or lets the browser do so where there is no answer. */
  async function go(url, kept) {
    if (!isPage(url)) {
      location.assign(url);
      return;
    }
    const turn = ++latest;
    const reply = await ask('GET', url);
    if (turn !== latest) return;
    if (reply) show(reply, kept);
    else location.assign(url);
  }

  /** Says in the form that no answer came. What was typed stays. */
  function lost(form) {
    form.querySelector('.problem')?.remove();
    const box = document.createElement('div');
    box.className = 'problem';
    box.setAttribute('role', 'alert');
    const line = document.createElement('p');
    line.textContent = form.dataset.noAnswer ?? document.body.dataset.noAnswer;
    box.append(line);
    form.prepend(box);
  }

  // What a reveal is known by: with it, and nothing else, the reply can be fetched again for a minute should
  // the connection break. Pressing again in the same form asks for the same reply.
  const keys = new WeakMap();
  const keyOf = (form) => {
    if (!form.matches('[data-again]')) return null;
    if (!keys.has(form)) {
      const random = [...crypto.getRandomValues(new Uint8Array(16))];
      keys.set(form, random.map((byte) => byte.toString(16).padStart(2, '0')).join(''));
    }
    return keys.get(form);
  };
  const PAUSES = [500, 1000, 2000, 4000, 8000]; // Milliseconds, together well within that minute.
  const pause = (time) => new Promise((wake) => { setTimeout(wake, time); });

  async function submit(form) {
    if (form.ariaBusy === 'true') return;
    const values = new URLSearchParams(new FormData(form));
    const passphrase = form.elements.passphrase?.value;
    const turn = ++latest;
    let reply;
    for (const time of [...PAUSES, null]) {
      form.ariaBusy = 'true';
      reply = await ask('POST', form.action, values, keyOf(form));
      if (turn !== latest) break;
      if (!reply?.isLater || time === null) break;
      if (!reply.page) {
        // People know, and may press instead of waiting.
        lost(form);
        form.ariaBusy = 'false';
      }
      await pause(time);
      if (turn !== latest) return;
    }
    form.ariaBusy = 'false';
    if (turn !== latest) return;
    if (reply?.page) show(reply, { passphrase });
    else lost(form);
  }

  document.addEventListener('submit', (event) => {
    if (event.defaultPrevented) return;
    const form = event.target;
    event.preventDefault();
    if (form.matches('[data-sign-in]')) signIn(form);
    else if (form.method === 'get') go(addressOf(form));
    else submit(form);
  });

  const addressOf = (form) => `${form.action.split(/[?#]/)[0]}?${new URLSearchParams(new FormData(form))}`;

  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[href]');
    const isPlain = !event.button && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || !isPlain || link.origin !== location.origin || link.hash) return;
    if (!isPage(link.href)) return;
    event.preventDefault();
    go(link.href);
  });

  // Going to a place on this page is no going to another page: what it shows may be there only once.
  window.addEventListener('popstate', () => {
    if (bare(location.href) !== shown) go(location.href);
  });

  // ---- Account --------------------------------------------------------------------------------

  async function signIn(form) {
    account = `${form.elements.user.value.trim()}:${form.elements.token.value.trim()}`;
    const reply = await ask('GET', form.action);
    const isIn = reply?.status === 200;
    if (isIn && form.elements.stay.checked) forNow.set('account', account);
    if (!isIn) account = null;
    if (reply) show(reply);
    else lost(form);
  }

  function signOut() {
    account = null;
    forNow.drop('account');
    go(document.querySelector('.brand').href);
  }

  // ---- Receipts of this browser -----------------------------------------------------------------

  const MOST_RECEIPTS = 100;
  const receipts = () => (forGood.get('receipts') ?? '').split(',').filter((id) => /^[a-z0-9]+$/.test(id));
  const remember = (id) => {
    forGood.set('receipts', [id, ...receipts().filter((known) => known !== id)].slice(0, MOST_RECEIPTS).join());
  };

  /** After a link was made: keep its receipt, if the person agreed once; else offer it. */
  function offerToRemember(line) {
    const keep = () => {
      remember(line.dataset.remember);
      line.textContent = line.dataset.remembered;
      line.setAttribute('role', 'status');
      line.hidden = false;
    };
    line.hidden = false;
    if (forGood.get('receipts') !== null) keep();
    else line.querySelector('button').onclick = keep;
  }

  /** The list of this browser's receipts, as the server knows them. */
  async function listReceipts(section) {
    const [list, none, forget] = ['[data-list]', '[data-none]', '[data-forget]']
      .map((selector) => section.querySelector(selector));
    section.hidden = false;
    forget.hidden = forGood.get('receipts') === null;
    forget.querySelector('button').onclick = () => {
      forGood.drop('receipts');
      list.replaceChildren();
      none.textContent = section.dataset.forgotten;
      none.hidden = false;
      none.setAttribute('role', 'status');
      forget.hidden = true;
    };
    if (receipts().length === 0) return;
    const reply = await ask('POST', section.dataset.here, new URLSearchParams({ receipts: receipts().join() }));
    const answered = reply?.page.querySelector('[data-list]');
    if (!answered || !section.isConnected) return;
    list.replaceChildren(...document.adoptNode(answered).childNodes);
    none.hidden = true;
    enhanceTimes(list);
  }

  // ---- What a page's parts can do besides --------------------------------------------------------

  const number = (value) => new Intl.NumberFormat(language()).format(value);
  const moment = (date) =>
    new Intl.DateTimeFormat(language(), { dateStyle: 'long', timeStyle: 'short' }).format(date);
  const textOf = (field) => (field.matches('textarea') ? field.textContent : field.value);

  function enhanceTimes(within) {
    for (const time of all('time[datetime]', within)) {
      time.title = time.textContent;
      time.dir = 'auto';
      time.textContent = moment(new Date(time.dateTime));
    }
  }

  const UNITS = [['day', 86400], ['hour', 3600], ['minute', 60], ['second', 1]];

  /** A stretch of time in its two largest units, in the words of the language. */
  function span(seconds) {
    const first = Math.max(0, UNITS.findIndex(([unit, size]) => seconds >= size || unit === 'second'));
    const parts = UNITS.slice(first, first + 2).map(([unit, size], index) => {
      const whole = Math.floor((index === 0 ? seconds : seconds % UNITS[first][1]) / size);
      const style = { style: 'unit', unit, unitDisplay: 'long' };
      return whole > 0 || index === 0 ? new Intl.NumberFormat(language(), style).format(whole) : null;
    });
    return new Intl.ListFormat(language(), { type: 'unit' }).format(parts.filter(Boolean));
  }

  function countDown(element) {
    const left = () => Number(element.dataset.until) - Math.floor(Date.now() / 1000);
    const tick = () => {
      if (!element.isConnected) return;
      if (left() <= 0) {
        go(location.href);
        return;
      }
      element.textContent = span(left());
      setTimeout(tick, 1000);
    };
    // By a clock that is ahead the time was up before the page came: then the server's words stand.
    if (left() > 0) tick();
  }

  async function copy(button) {
    const field = document.getElementById(button.dataset.copy);
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(textOf(field));
    } catch {
      // Without the right to, or without TLS: the old way, by way of a selection.
      const type = field.type;
      if (field.matches('input')) field.type = 'text';
      field.select();
      const isCopied = document.execCommand('copy');
      if (field.matches('input')) field.type = type;
      if (!isCopied) return;
      button.focus();
    }
    button.textContent = button.dataset.copied;
    announce('');
    requestAnimationFrame(() => announce(button.dataset.copied));
    setTimeout(() => { button.textContent = label; }, 2500);
  }

  function save(field) {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([textOf(field)], { type: 'text/plain' }));
    link.download = 'secret.txt';
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  function offerToShow(button) {
    const input = button.parentElement.querySelector('input');
    button.hidden = false;
    button.onclick = () => {
      const isShown = input.type === 'password';
      input.type = isShown ? 'text' : 'password';
      button.textContent = isShown ? button.dataset.hide : button.dataset.show;
      button.setAttribute('aria-pressed', String(isShown));
    };
  }

  function grow(field) {
    if (CSS.supports('field-sizing', 'content')) return;
    const fit = () => {
      field.style.height = 'auto';
      field.style.height = `${field.scrollHeight + 2}px`;
    };
    field.addEventListener('input', fit);
    fit();
  }

  function showSize(field) {
    const line = field.parentElement.querySelector('[data-size]');
    const most = Number(field.dataset.most);
    const tell = () => {
      const size = new TextEncoder().encode(field.value).length;
      line.hidden = size === 0;
      line.classList.toggle('over-limit', size > most);
      line.textContent = line.dataset.size.replace('{n}', number(size)).replace('{most}', number(most));
    };
    field.addEventListener('input', tell);
    tell();
  }

  function tellRunsOut(select) {
    const line = select.parentElement.querySelector('[data-runs-out]');
    const tell = () => {
      const end = new Date(Date.now() + Number(select.value) * 1000);
      line.textContent = line.dataset.runsOut.replace('{time}', moment(end));
    };
    select.addEventListener('change', tell);
    tell();
  }

  /** A uniform number below `most`, by rejection. */
  function random(most) {
    const limit = 2 ** 32 - (2 ** 32 % most);
    const [drawn] = crypto.getRandomValues(new Uint32Array(1));
    return drawn < limit ? drawn % most : random(most);
  }

  /** An example of what the chosen characters make; the real one is made by the server. */
  function preview(form) {
    const box = form.querySelector('[data-preview]');
    const boxes = all('[data-characters]', form);
    const draw = () => {
      const ambiguous = boxes.at(-1).checked ? boxes.at(-1).dataset.characters : '';
      const sets = boxes.slice(0, -1).filter((set) => set.checked)
        .map((set) => [...set.dataset.characters].filter((letter) => !ambiguous.includes(letter)));
      const length = Math.min(128, Math.max(4, Number(form.querySelector('[name=length]').value) || 0));
      const letters = sets.map((set) => set[random(set.length)]);
      const every = sets.flat();
      while (every.length > 0 && letters.length < length) letters.push(every[random(every.length)]);
      for (let at = letters.length - 1; at > 0; at -= 1) {
        const other = random(at + 1);
        [letters[at], letters[other]] = [letters[other], letters[at]];
      }
      box.querySelector('output').textContent = letters.slice(0, length).join('');
    };
    box.hidden = false;
    box.querySelector('button').onclick = draw;
    form.addEventListener('input', draw);
    draw();
  }

  /** Asks what this secret needs, so that people know before they press. Asking consumes nothing. */
  async function askAbout(form) {
    const turn = ++latest;
    const reply = await ask('GET', `${location.pathname}/ask${location.search}`);
    const isUntouched = () => turn === latest && form.isConnected && !form.elements.passphrase.value;
    if (!reply || reply.status >= 429 || !isUntouched()) return;
    put({ page: reply.page });
    if (reply.status !== 200) announce(document.querySelector('main h1').textContent);
  }

  function enhance({ passphrase } = {}) {
    const main = document.querySelector('main');
    enhanceTimes(main);
    all('[data-script]', main).forEach((element) => { element.hidden = false; });
    all('[data-until]', main).forEach(countDown);
    all('[data-copy]', main).forEach((button) => { button.onclick = () => copy(button); });
    all('[data-save]', main).forEach((button) => {
      button.onclick = () => save(document.getElementById(button.dataset.save));
    });
    all('[data-wrap]', main).forEach((box) => {
      box.onchange = () => document.getElementById(box.dataset.wrap).classList.toggle('unwrapped', !box.checked);
    });
    all('[data-share]', main).filter(() => navigator.share).forEach((button) => {
      button.hidden = false;
      button.onclick = () => {
        navigator.share({ url: textOf(document.getElementById(button.dataset.share)) }).catch(() => {});
      };
    });
    all('[data-show]', main).forEach(offerToShow);
    all('[data-grow]', main).forEach(grow);
    all('[data-most]', main).forEach(showSize);
    all('select[name=ttl]', main).forEach(tellRunsOut);
    all('[data-generate]', main).forEach(preview);
    all('[data-send]', main).forEach((field) => {
      field.addEventListener('keydown', (event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) field.form.requestSubmit();
      });
    });
    all('[data-passphrase]', main).filter(() => passphrase).forEach((box) => {
      box.hidden = false;
      box.querySelector('input').value = passphrase;
    });
    all('[data-select]', main).forEach((field) => field.addEventListener('focus', () => field.select()));
    all('[data-sign-in]', main).forEach((form) => { form.hidden = false; });
    all('[data-remember]', main).forEach(offerToRemember);
    all('[data-here]', main).forEach(listReceipts);
    all('[data-ask]', main).forEach(askAbout);
    enhanceSurroundings();
  }

  function enhanceSurroundings() {
    for (const button of all('[data-theme-switch]')) {
      button.hidden = false;
      button.onclick = () => {
        const isDark = (root.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches && 'dark')) === 'dark';
        root.dataset.theme = isDark ? 'light' : 'dark';
        forGood.set('theme', root.dataset.theme);
      };
    }
    for (const select of all('[data-language]')) {
      select.form.querySelector('button').hidden = true;
      select.onchange = () => {
        forGood.set('language', select.value);
        // Arrow keys choose at once: they must be able to go on.
        go(addressOf(select.form), { focus: '[data-language]' });
      };
    }
    for (const button of all('[data-sign-out]')) {
      button.hidden = !account;
      button.onclick = signOut;
    }
  }

  document.addEventListener('DOMContentLoaded', () => {
    account = forNow.get('account');
    const wished = forGood.get('language');
    const select = document.querySelector('[data-language]');
    const isElsewhere = select && wished && wished !== language() && !/[?&]lang=/.test(location.search);
    enhance();
    // What only right credentials or another language would show is asked for anew.
    if (isElsewhere && all('option', select).some((option) => option.value === wished)) {
      select.value = wished;
      go(addressOf(select.form));
    } else if (account && select && isPage(location.href) && !document.querySelector('[data-ask]')) {
      go(location.href);
    }
  });
})();
