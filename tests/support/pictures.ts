import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { eventually } from "@hivewatch/test-support";
import pixelmatch from "pixelmatch";
import type { Page } from "playwright-core";
import { PNG } from "pngjs";
import { expect } from "vitest";

/** Set to write the pictures anew, after somebody has looked at what changed. */
const IS_UPDATE = process.env.HIVEWATCH_UPDATE_PICTURES === "1";

/** So much of a picture may differ. */
const MAX_SHARE = 0.002;

/** Compares what a page looks like with a picture that is committed. */
export async function expectPicture(page: Page, path: string): Promise<void> {
  const picture = await settledPicture(page);
  const known = await readFile(path).catch(() => undefined);
  if (IS_UPDATE || known === undefined) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, picture);
    expect(IS_UPDATE, `${path} was not there, and has been written: look at it, and commit it`).toBe(true);
    return;
  }
  const share = known.equals(picture) ? 0 : differenceOf(known, picture);
  if (share > MAX_SHARE) await writeFile(path.replace(/\.png$/, ".actual.png"), picture);
  const hint = "look at the .actual.png beside it; HIVEWATCH_UPDATE_PICTURES=1 takes it over";
  expect(share, `${path} looks different: ${hint}`).toBeLessThanOrEqual(MAX_SHARE);
}

/** A picture of a page in which nothing changes any more. */
async function settledPicture(page: Page): Promise<Buffer> {
  let last: Buffer = Buffer.alloc(0);
  await eventually(async () => {
    const next = await page.screenshot({ animations: "disabled", caret: "hide" });
    const isSame = next.equals(last);
    last = next;
    expect(isSame, "the page keeps changing").toBe(true);
  });
  return last;
}

/** Which share of the pixels differs; 1 if the pictures are of another size. */
function differenceOf(known: Buffer, picture: Buffer): number {
  const [one, other] = [PNG.sync.read(known), PNG.sync.read(picture)];
  const { width, height } = one;
  if (other.width !== width || other.height !== height) return 1;
  return pixelmatch(one.data, other.data, undefined, width, height) / (width * height);
}
