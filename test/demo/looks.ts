import type { Page } from "playwright-core";

/** For looking at, after the run. */
const PICTURES = "test-results/shop";

const WINDOWS = {
  phone: { width: 360, height: 740 },
  desktop: { width: 1280, height: 900 },
};

const PHONE_WIDTHS = [320, 360, 390];

/** What is wrong with a page in windows of many widths. Takes a picture of it in two of them. */
export async function faultsOf(page: Page, picture: string): Promise<string[]> {
  const faults: string[] = [];
  for (const [size, viewport] of Object.entries(WINDOWS)) {
    await page.setViewportSize(viewport);
    await page.screenshot({ path: `${PICTURES}/${picture}-${size}.png`, fullPage: true });
    faults.push(...(await tooWide(page, viewport.width)));
  }
  for (const width of PHONE_WIDTHS) {
    await page.setViewportSize({ width, height: 740 });
    const broken = await page.evaluate<string[]>(BROKEN_WORDS);
    faults.push(...(await tooWide(page, width)), ...broken.map((word) => `${width}: ${word}`));
  }
  await page.setViewportSize(WINDOWS.desktop);
  return faults.map((fault) => `${picture} ${fault}`);
}

async function tooWide(page: Page, width: number): Promise<string[]> {
  const wants = await page.evaluate("document.documentElement.scrollWidth");
  return wants === width ? [] : [`${width}: wants ${wants}`];
}

/** Words that go on in the next line without a hyphen, as `Taschennotizb|uch`. */
const BROKEN_WORDS = `(() => {
  const topOf = (node, at) => {
    const range = document.createRange();
    range.setStart(node, at);
    range.setEnd(node, at + 1);
    return [...range.getClientRects()].at(-1)?.top;
  };
  const broken = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
    const { parentElement: around, data } = node;
    if (!around.checkVisibility() || around.closest("pre, script") !== null) continue;
    for (const { 0: word, index } of data.matchAll(/\\S+/g)) {
      for (let at = 1; at < word.length; at += 1) {
        const mayBreak = /[-\\u00AD\\u2010\\u2013]/.test(word[at - 1]);
        const isBroken = topOf(node, index + at) > topOf(node, index + at - 1) + 4;
        if (isBroken && !mayBreak) broken.push(word.slice(0, at) + "|" + word.slice(at));
      }
    }
  }
  return broken;
})()`;
