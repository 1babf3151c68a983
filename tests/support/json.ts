import { readFile } from "node:fs/promises";
import { parseLenientJson } from "@hivewatch/core";
import { type Fields, fields } from "@hivewatch/test-support";

/** Reads JSON, with the bare words that Python writes for what is not finite as the strings that we write for it. */
export async function readJson(path: string): Promise<Fields> {
  return fields(parseLenientJson(await readFile(path, "utf8")));
}

/** Reads a file of JSON lines. */
export async function readLines(path: string): Promise<Fields[]> {
  const lines = (await readFile(path, "utf8")).split("\n");
  return lines.filter((line) => line !== "").map((line) => fields(parseLenientJson(line)));
}

/** Fetches JSON, which must be strictly that. */
export async function fetchJson(url: string): Promise<unknown> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}
