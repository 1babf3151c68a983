import { stringifyEvent } from "@hivewatch/core";
import { keyOf, MAX_KEY_LENGTH, safePart, safeText } from "./names.ts";
import type { TextFile } from "./tables.ts";

/** A hyperparameter, as MLflow's API takes it. */
export interface Param {
  readonly key: string;
  readonly value: string;
}

/** The longest value of a param that MLflow keeps; it cuts longer ones without a word. */
const MAX_PARAM_LENGTH = 6000;
/** More than a person looks at; the file has them all. */
const MAX_PARAMS = 1000;
const MAX_DEPTH = 8;

/** A configuration as params: the names of what is nested joined by dots, as MLflow's users write them. */
export interface Params {
  readonly params: Param[];
  /** The whole configuration as a file, where it doesn't fit into params. */
  readonly whole: TextFile | undefined;
}

export function paramsOf(config: Readonly<Record<string, unknown>>): Params {
  const found = new Map<string, string>();
  flatten(config, "", 0, found);
  const all = [...found].map(([key, text]) => ({ key, value: cut(text), isCut: text.length > MAX_PARAM_LENGTH }));
  const fits = all.length <= MAX_PARAMS && !all.some(({ isCut }) => isCut);
  return {
    params: all.slice(0, MAX_PARAMS).map(({ key, value }) => ({ key, value })),
    whole: fits ? undefined : { path: "config.json", text: stringifyEvent(config) },
  };
}

function flatten(
  fields: Readonly<Record<string, unknown>>,
  above: string,
  depth: number,
  found: Map<string, string>,
): void {
  for (const [name, value] of Object.entries(fields)) {
    const key = above === "" ? safePart(name) : `${above}.${safePart(name)}`;
    const isNested = isRecord(value) && Object.keys(value).length > 0;
    if (isNested && depth < MAX_DEPTH && key.length <= MAX_KEY_LENGTH) flatten(value, key, depth + 1, found);
    else found.set(keyOf(key), safeText(textOf(value)));
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === "object" && value !== null ? stringifyEvent(value) : String(value);
}

function cut(text: string): string {
  if (text.length <= MAX_PARAM_LENGTH) return text;
  const rest = ` … (cut: ${text.length} characters, see config.json)`;
  return safeText(text.slice(0, MAX_PARAM_LENGTH - rest.length)) + rest;
}
