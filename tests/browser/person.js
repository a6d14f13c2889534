// Somebody with a browser: in one language, with a mouse or with the keyboard alone, with script or
// without.

import assert from 'node:assert/strict';
import { openPage, words } from './support.js';

/** Where the focus is, and whether one can see that. */
const focus = (wanted) => {
  const active = document.activeElement;
  if (!active || active === document.body) return { isThere: false, isSeen: true };
  const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(active);
  const box = active.getBoundingClientRect();
  const isDrawn = outlineStyle === 'solid' && parseFloat(outlineWidth) >= 2 && !/, 0\)$/.test(outlineColor);
  return {
    isThere: active === wanted,
    isSeen: isDrawn && box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight,
    what: active.outerHTML.slice(0, 120),
  };
};

/** Ways to do things by pointing at them. */
const mouse = () => ({
  press: (target) => target.click(),
  type: (target, text) => target.fill(text),
  choose: (target, value) => target.selectOption(value),
});

/** The same by keys: the tabulator until one is there. That it can be seen is checked on the way. */
const keyboard = (page) => {
  const most = 80;
  async function reach(target) {
    const wanted = await target.elementHandle();
    for (let step = 0; step < most; step += 1) {
      let { isThere, isSeen, what } = await wanted.evaluate(focus);
      if (!isSeen) {
        // A page that has just come may still be drawn.
        await page.waitForTimeout(200);
        ({ isThere, isSeen, what } = await wanted.evaluate(focus));
      }
      assert.ok(isSeen || step === 0, `the focus cannot be seen: ${what}`);
      if (isThere) return;
      await page.keyboard.press('Tab');
    }
    assert.fail(`the keyboard does not get to ${target}`);
  }
  return {
    async press(target) {
      await reach(target);
      const isBox = await target.evaluate((element) => element.type === 'checkbox');
      await page.keyboard.press(isBox ? 'Space' : 'Enter');
    },
    async type(target, text) {
      await reach(target);
      await page.keyboard.press('Control+A');
      await page.keyboard.insertText(text);
    },
    async choose(target, value) {
      const at = (element, wanted) => [...element.options].findIndex((option) => option.value === wanted);
      const goal = await target.evaluate(at, value);
      for (let step = 0; step < most && (await target.inputValue()) !== value; step += 1) {
        await reach(target);
        const now = await target.evaluate((element) => element.selectedIndex);
        await page.keyboard.press(now < goal ? 'ArrowDown' : 'ArrowUp');
      }
      assert.equal(await target.inputValue(), value);
    },
  };
};

/**
 * Somebody who uses this server. `seen(name)` is called at each page they come to.
 * Names of buttons, links and headings are keys of the program's sentences.
 */
export async function person(browser, server, settings, seen = async () => {}) {
  const { script = true, tag = 'en', byKeyboard = false } = settings;
  const opened = await openPage(browser, settings);
  const { page, complaints, asked, loads } = opened;
  const hands = byKeyboard ? keyboard(page) : mouse();
  const say = words(tag);
  const named = (role, key, within = page) => within.getByRole(role, { name: say(key), exact: true });
  let visits = 0;

  const someone = {
    ...opened,
    ...settings,
    script,
    tag,
    server,
    say,
    sayIn: (other, key) => words(other)(key),
    seen: (name) => seen(someone, name),
    field: (id) => page.locator(`#${id}`),
    value: (id) => page.locator(`#${id}`).inputValue(),
    title: async () => (await page.locator('h1').textContent()).trim(),
    problem: () => page.locator('.problem').innerText(),
    press: (key, within) => hands.press(named('button', key, within)),
    follow: (key, within) => hands.press(named('link', key, within)),
    goHome: () => hands.press(page.locator('a.brand')),
    unfold: (key) => hands.press(page.locator('summary', { hasText: say(key) })),
    tick: (key) => hands.press(page.getByLabel(say(key), { exact: true })),
    type: (id, text) => hands.type(page.locator(`#${id}`), text),
    choose: (id, value) => hands.choose(page.locator(`#${id}`), value),

    /** Comes to a page of this heading. */
    arrive: (key) => named('heading', key).and(page.locator('h1')).waitFor(),

    /** Opens an address in the same tab, and waits until the script has asked what it wants to know. */
    async visit(address) {
      visits += 1;
      await page.goto(new URL(address, server.url).href);
      if (script) await page.locator('[data-ask]').waitFor({ state: 'detached' });
    },

    /** Nothing was amiss: no complaint, no other site asked, no page loaded but those that were opened. */
    async leave() {
      assert.deepEqual(complaints, []);
      assert.deepEqual(asked.filter((url) => !/^(blob|data):/.test(url) && !url.startsWith(server.url)), []);
      if (script) assert.equal(loads.length, visits, `nothing reloads: ${loads.join(' ')}`);
      await opened.close();
    },
  };
  return someone;
}
