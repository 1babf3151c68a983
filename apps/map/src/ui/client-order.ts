import { firstAtLeast } from "../charts/round-axis.ts";
import type { Clients, RoundTable, Tally } from "../data/run-data.ts";
import { CLIENT_STATUSES, STATUS_CODES } from "../data/statuses.ts";
import { numbersOf } from "../data/table-fields.ts";
import type { Sort } from "../page-state.ts";

/** What the order of clients depends on. */
export interface OrderSource {
  readonly clients: Clients;
  readonly table: RoundTable | undefined;
  readonly tally: Tally;
  /** Only those with 1; undefined: all. */
  readonly matches: Uint8Array | undefined;
  readonly sort: Sort;
}

/** The clients that match, in order. Those that have nothing to be sorted by come last, in any direction. */
export function orderClients(source: OrderSource): Uint32Array {
  const { clients, matches, sort } = source;
  const shown = new Uint32Array(clients.ids.length);
  let count = 0;
  for (let client = 0; client < shown.length; client++) {
    // A client that came after the matches were found is not in them.
    if (matches === undefined || matches[client] === 1) shown[count++] = client;
  }
  const own = shown.subarray(0, count);
  if (sort.field === "client") return byRank(own, idRanks(clients.ids), sort.descending);
  if (sort.field === "status") return byStatus(own, source.table, sort.descending);
  return byKey(own, keysOf(source), sort.descending);
}

/** There are but a few statuses: each gets its part of the order. */
function byStatus(shown: Uint32Array, table: RoundTable | undefined, descending: boolean): Uint32Array {
  const groups = CLIENT_STATUSES.length;
  const groupOf = new Uint8Array(shown.length);
  const starts = new Uint32Array(groups + 1);
  for (let i = 0; i < shown.length; i++) {
    const status = table?.status[table.rowOf[shown[i] ?? 0] ?? -1] ?? STATUS_CODES.idle;
    const group = descending ? groups - 1 - status : status;
    groupOf[i] = group;
    starts[group + 1] = (starts[group + 1] ?? 0) + 1;
  }
  for (let group = 1; group <= groups; group++) starts[group] = (starts[group] ?? 0) + (starts[group - 1] ?? 0);
  const sorted = new Uint32Array(shown.length);
  for (let i = 0; i < shown.length; i++) {
    const group = groupOf[i] ?? 0;
    const at = starts[group] ?? 0;
    sorted[at] = shown[i] ?? 0;
    starts[group] = at + 1;
  }
  return sorted;
}

function byRank(shown: Uint32Array, ranks: Uint32Array, descending: boolean): Uint32Array {
  const clientAt = new Int32Array(ranks.length).fill(-1);
  for (const client of shown) clientAt[ranks[client] ?? 0] = client;
  const sorted = Uint32Array.from(clientAt.filter((client) => client >= 0));
  return descending ? sorted.reverse() : sorted;
}

/**
 * Values that are missing are NaN in `keys`; NaN itself is `NOT_A_NUMBER`. Numbers alone are sorted many times as fast as
 * clients are by comparing, and each client is found its place among them.
 */
function byKey(shown: Uint32Array, keys: Float64Array, descending: boolean): Uint32Array {
  const sign = descending ? -1 : 1;
  const values = new Float64Array(shown.length);
  let known = 0;
  for (const client of shown) {
    const key = keys[client] ?? Number.NaN;
    if (!Number.isNaN(key)) values[known++] = sign * key;
  }
  const ascending = values.subarray(0, known).sort();
  const taken = new Uint32Array(known);
  const sorted = new Uint32Array(shown.length);
  for (const client of shown) {
    const key = keys[client] ?? Number.NaN;
    if (Number.isNaN(key)) sorted[known++] = client;
    else {
      const first = firstAtLeast(ascending, sign * key);
      sorted[first + (taken[first] ?? 0)] = client;
      taken[first] = (taken[first] ?? 0) + 1;
    }
  }
  return sorted;
}

/** Stands for NaN among the keys, below every number but −∞. */
const NOT_A_NUMBER = -Number.MAX_VALUE;

function keysOf({ clients, table, tally, sort }: OrderSource): Float64Array {
  const keys = new Float64Array(clients.ids.length).fill(Number.NaN);
  if (sort.field === "round_share") {
    for (let client = 0; client < keys.length; client++) keys[client] = tally.completed[client] ?? 0;
    return keys;
  }
  if (table === undefined) return keys;
  const column = numbersOf(table, sort.field);
  if (column !== undefined) {
    for (let row = 0; row < table.rows; row++) {
      if (column.present?.[row] === 0) continue;
      const value = column.numbers[row] ?? 0;
      keys[table.clients[row] ?? 0] = Number.isNaN(value) ? NOT_A_NUMBER : value;
    }
    return keys;
  }
  const texts = table.columns.get(sort.field)?.values;
  if (texts === undefined) return keys;
  const ranks = textRanks(texts.values.map(String));
  for (let row = 0; row < table.rows; row++) {
    const code = texts.codes[row] ?? -1;
    if (code >= 0) keys[table.clients[row] ?? 0] = ranks[code] ?? 0;
  }
  return keys;
}

const ranked = new WeakMap<readonly string[], { readonly length: number; readonly ranks: Uint32Array }>();

/** The rank of each id in alphabetical order, `site-2` before `site-10`. */
function idRanks(ids: readonly string[]): Uint32Array {
  const known = ranked.get(ids);
  if (known?.length === ids.length) return known.ranks;
  const ranks = textRanks(ids);
  ranked.set(ids, { length: ids.length, ranks });
  return ranks;
}

function textRanks(texts: readonly string[]): Uint32Array {
  const collator = new Intl.Collator("en", { numeric: true });
  const order = Uint32Array.from({ length: texts.length }, (_, i) => i);
  order.sort((a, b) => collator.compare(texts[a] ?? "", texts[b] ?? "") || a - b);
  const ranks = new Uint32Array(texts.length);
  for (const [rank, i] of order.entries()) ranks[i] = rank;
  return ranks;
}
