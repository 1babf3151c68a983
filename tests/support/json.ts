import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { parseLenientJson } from "@hivewatch/core";
import { type Fields, fields } from "@hivewatch/test-support";

/** Reads JSON, with the bare words that Python writes for what is not finite as the strings that we write for it. */
export async function readJson(path: string): Promise<Fields> {
  return fields(parseLenientJson(await readFile(path, "utf8")));
}

/** Reads a file of JSON lines. */
export async function readLines(path: string): Promise<Fields[]> {
  const lines: Fields[] = [];
  for await (const line of eachLine(path)) lines.push(line);
  return lines;
}

/** Reads a file of JSON lines, of any length. */
export async function* eachLine(path: string): AsyncGenerator<Fields> {
  for await (const line of createInterface(createReadStream(path, "utf8"))) {
    if (line !== "") yield fields(parseLenientJson(line));
  }
}

/** Fetches an array of JSON that has a line for each of its elements, of any length. */
export async function* fetchEach(url: string): AsyncGenerator<Fields> {
  const response = await ok(url);
  if (response.body === null) throw new Error(`${url} answered nothing`);
  for await (const line of createInterface(Readable.fromWeb(response.body))) {
    yield fields(JSON.parse(line.replace(/^\[/u, "").replace(/[,\]]$/u, "")));
  }
}

/** Fetches JSON, which must be strictly that. */
export async function fetchJson(url: string): Promise<unknown> {
  return (await ok(url)).json();
}

async function ok(url: string): Promise<Response> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response;
}
