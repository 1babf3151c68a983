import { eventually } from "@hivewatch/test-support";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { TABS, VIEWS } from "../../apps/map/src/page-state.ts";

export const DESKTOP = { width: 1440, height: 900 };
export const PHONE = { width: 360, height: 780 };

/** What a value becomes that somebody forgot to look at. */
const UNINTENDED = /\b(?:NaN|undefined|null|Infinity|Invalid Date)\b|\[object /;

const NAME_OF_A_STATUS = "NaN or infinite";

/** Shows every part of a run's page, on a wide screen and on a phone. */
export async function forEveryPart(page: Page, check: (part: string) => Promise<void>): Promise<void> {
  await page.setViewportSize(DESKTOP);
  await forEveryTab(page, "wide", check);
  await page.setViewportSize(PHONE);
  await page.getByTestId("view-map").waitFor();
  for (const view of VIEWS) {
    await page.getByTestId(`view-${view}`).click();
    if (view === "clients") await forEveryTab(page, "narrow", check);
    else await check(`narrow, ${view}`);
  }
}

async function forEveryTab(page: Page, name: string, check: (part: string) => Promise<void>): Promise<void> {
  for (const tab of TABS) {
    await page.getByTestId(`tab-${tab}`).click();
    await partIsThere(page);
    await check(`${name}, ${tab}`);
  }
}

/** Waits until a part whose code is fetched when it is first wanted has been drawn. */
async function partIsThere(page: Page): Promise<void> {
  await eventually(async () => {
    expect(await page.locator("#tab-panel > *").count()).toBeGreaterThan(0);
    expect(await page.getByText("Loading…").count()).toBe(0);
  });
}

/** Fails if the page is wider than its window. */
export async function expectNoOverflow(page: Page, part: string): Promise<void> {
  const widths: unknown = await page.evaluate(`(() => {
    const stickOut = [...document.querySelectorAll("body *")]
      .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5 && element.checkVisibility())
      .map((element) => element.tagName + "." + element.className);
    const scrollers = [document.scrollingElement, document.querySelector(".page-scroll")];
    const scrollWidth = Math.max(...scrollers.map((element) => element?.scrollWidth ?? 0));
    return { scrollWidth, sticksOut: scrollWidth > innerWidth ? stickOut.slice(0, 5) : [] };
  })()`);
  const { width = 0 } = page.viewportSize() ?? {};
  expect(widths, part).toEqual({ scrollWidth: width, sticksOut: [] });
}

/** Fails if the page says `NaN`, `undefined` and the like anywhere, also to those who only hear it. */
export async function expectIntended(page: Page, part: string): Promise<void> {
  const texts: unknown = await page.evaluate(`(() => {
    const names = ["aria-label", "aria-valuetext", "title", "alt", "placeholder"];
    const spoken = [...document.querySelectorAll("body *")]
      .flatMap((element) => names.map((name) => element.getAttribute(name)));
    return [...document.body.innerText.split("\\n"), ...spoken].filter((text) => text !== null);
  })()`);
  const unintended = Array.isArray(texts)
    ? texts.filter((text) => UNINTENDED.test(String(text).replace(NAME_OF_A_STATUS, "")))
    : texts;
  expect(unintended, part).toEqual([]);
}
