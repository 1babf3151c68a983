import { CLIENT_TEXTS, checkClientMetrics, numberFromJson } from "@hivewatch/core";
import { type BlockColumn, type ColumnBlock, isPresent, type NumberColumn, type TextColumn } from "./column-block.ts";
import { type PartValue, partValue } from "./round-part.ts";
import { createTextIndex } from "./text-index.ts";

/** A field of a block's events, one entry for each event. */
export type BlockValues = BlockNumbers | BlockCodes;

export interface BlockNumbers {
  readonly kind: "numbers";
  readonly name: string;
  readonly numbers: Float64Array;
  /** 1 for each event that has one; undefined: all have. */
  readonly present: Uint8Array | undefined;
}

/** Texts and other values, each different one once. */
export interface BlockCodes {
  readonly kind: "codes";
  readonly name: string;
  /** Index of each event's value; -1: none. */
  readonly codes: Int32Array;
  readonly values: readonly (PartValue | undefined)[];
}

/**
 * The fields of a block that is surely valid, as its events' clients would have them, but for `client_id`: words that
 * stand for numbers are numbers, and who sends a result without a status is active.
 */
export function blockValues(block: ColumnBlock): BlockValues[] {
  const count = block.count;
  const fields = block.columns.filter(({ name }) => name !== "client_id").map((column) => spreadOut(column, count));
  if (block.eventType !== "client_update") return fields;
  const status = fields.find(({ name }) => name === "status");
  return [...fields.filter((field) => field !== status), activeUnlessSaid(status, count)];
}

function spreadOut(column: BlockColumn, count: number): BlockValues {
  return column.kind === "numbers" ? numbersOf(column, count) : codesOf(column, count);
}

function numbersOf(column: NumberColumn, count: number): BlockNumbers {
  const { name, numbers } = column;
  if (column.present === undefined) return { kind: "numbers", name, numbers, present: undefined };
  const spread = new Float64Array(count);
  const present = new Uint8Array(count);
  let next = 0;
  for (let i = 0; i < count; i++) {
    if (!isPresent(column, i)) continue;
    present[i] = 1;
    spread[i] = numbers[next++] ?? 0;
  }
  return { kind: "numbers", name, numbers: spread, present };
}

function codesOf(column: TextColumn, count: number): BlockCodes {
  const { bytes, spans } = column.texts;
  const distinct = createTextIndex();
  const codes = new Int32Array(count).fill(-1);
  let next = 0;
  for (let i = 0; i < count; i++) {
    if (!isPresent(column, i)) continue;
    codes[i] = distinct.addBytes(bytes, spans[2 * next] ?? 0, spans[2 * next + 1] ?? 0);
    next++;
  }
  const values = Array.from({ length: distinct.size }, (_, code) => cellOf(column, distinct.text(code)));
  return { kind: "codes", name: column.name, codes, values };
}

const TEXTS: ReadonlySet<string> = new Set(CLIENT_TEXTS);

function cellOf({ kind, name }: TextColumn, text: string): PartValue | undefined {
  if (kind === "json") return partValue(checkClientMetrics({ client_id: "any", [name]: JSON.parse(text) })[name]);
  return partValue(TEXTS.has(name) ? text : (numberFromJson(text) ?? text));
}

function activeUnlessSaid(status: BlockValues | undefined, count: number): BlockCodes {
  const known = status?.kind === "codes" ? status : undefined;
  const values = [...(known?.values ?? []), '"active"'];
  const active = values.length - 1;
  const codes = known?.codes.map((code) => (code === -1 ? active : code)) ?? new Int32Array(count);
  return { kind: "codes", name: "status", codes, values };
}
