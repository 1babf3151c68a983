import { afterwards } from "@hivewatch/test-support";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, expect } from "vitest";

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A page of a real browser, and what it did. */
export interface BrowserPage {
  readonly page: Page;
  /** The address of every request so far. */
  readonly requests: readonly string[];
  /** Errors on the console, exceptions, dialogs and violations of the content security policy. */
  readonly problems: readonly string[];
}

interface BrowserOptions {
  /** Default 1280 by 900. */
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Default: whatever the browser takes for it. */
  readonly colorScheme?: "dark" | "light";
  /** Whether fingers can touch it. Default false. */
  readonly hasTouch?: boolean;
  /** What time it is for the page, milliseconds since 1970; it then stands still. */
  readonly now?: number;
  /** Called before the page is opened. */
  readonly prepare?: (context: BrowserContext) => Promise<void>;
}

/** Fails if a page had problems, or asked anybody but its own server for anything. */
export function expectQuiet({ page, requests, problems }: BrowserPage): void {
  expect(problems).toEqual([]);
  const { origin } = new URL(page.url());
  expect(requests.filter((address) => new URL(address).origin !== origin)).toEqual([]);
  expect(requests.length).toBeGreaterThan(0);
}

/** Starting one takes longer than many a test, so that those of a file share it. */
let shared: Browser | undefined;

async function browserOf(executablePath: string): Promise<Browser> {
  if (shared?.isConnected() !== true) shared = await chromium.launch({ executablePath, args: ARGUMENTS });
  return shared;
}

afterAll(async () => void (await shared?.close()));

/** Opens a page that shares nothing with others, no storage, no cache and no connection. */
export async function openPage(
  executablePath: string,
  url: string,
  options: BrowserOptions = {},
): Promise<BrowserPage> {
  const { viewport = { width: 1280, height: 900 }, colorScheme = null, hasTouch = false, now, prepare } = options;
  const browser = await browserOf(executablePath);
  const context = await browser.newContext({ viewport, colorScheme, hasTouch, timezoneId: "UTC" });
  afterwards(() => context.close());
  const requests: string[] = [];
  const problems: string[] = [];
  context.on("request", (request) => requests.push(request.url()));
  context.on("console", (message) => {
    if (message.type() === "error") problems.push(`console: ${message.text()}`);
  });
  context.on("weberror", (error) => problems.push(`exception: ${error.error().message}`));
  context.on("dialog", (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await prepare?.(context);
  const page = await context.newPage();
  if (now !== undefined) await page.clock.setFixedTime(now);
  await page.goto(url);
  return { page, requests, problems };
}
