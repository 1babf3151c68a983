import type { Clients, RoundTable } from "../data/run-data.ts";
import { CLIENT_STATUSES, STATUS_LABELS } from "../data/statuses.ts";
import { fieldOf } from "../data/table-fields.ts";
import { formatField } from "../format.ts";
import { USUAL_GROUPS } from "../page-state.ts";
import type { Bounds, Positions } from "./plane.ts";

/** A grid of all clients, for a run of which nobody said where it is. */
export interface HostGrid {
  readonly positions: Positions;
  readonly bounds: Bounds;
  readonly groups: readonly GridGroup[];
}

/** Clients that stand together, under a name. */
export interface GridGroup {
  readonly name: string;
  readonly count: number;
  readonly left: number;
  /** The middle of its name's line. */
  readonly top: number;
  readonly width: number;
}

/** What the clients of a grid are grouped by. */
export interface Grouping {
  /** The group of each client. */
  readonly groupOf: Uint16Array;
  /** The groups' names, in the order in which they are to stand; without any there are no groups. */
  readonly names: readonly string[];
}

/** The size of a cell, in units of the plane. */
export const GRID_CELL = 100;
/** A grid is wider than high, as screens are. */
const ASPECT = 1.9;
const GROUP_ASPECT = 1.5;
/** What stands above a group, in cells; the more there are, the more of them a name takes. */
const HEAD = 0.75;
const HEAD_SHARE = 0.045;
/** How many times as wide as high the room of a short name is. */
const NAME_HEADS = 3;
/** In so many clients nobody finds those that failed, unless they stand together. */
const MANY = 5000;
/** Further ones share a group. */
const MAX_GROUPS = 60;

/** All clients in one. */
export const NO_GROUPS = "none";

/**
 * The groups of clients: by their status, or by a text of theirs. As suits the run is by country where clients tell theirs,
 * else by status where there are a great many, else not at all.
 */
export function groupingOf(
  clients: Pick<Clients, "ids" | "country">,
  status: Uint8Array,
  by = USUAL_GROUPS,
  table?: RoundTable,
): Grouping {
  const count = clients.ids.length;
  const field = by === USUAL_GROUPS ? usualField(clients) : by;
  if (field === NO_GROUPS) return { groupOf: new Uint16Array(count), names: [] };
  if (field === "status") {
    return { groupOf: Uint16Array.from(status), names: CLIENT_STATUSES.map((name) => STATUS_LABELS[name]) };
  }
  if (field === "country") {
    return byText(count, (client) => clients.country[client], ["other countries", "no country"]);
  }
  return byText(count, textsOf(table, field), ["others", "not reported"]);
}

function usualField(clients: Pick<Clients, "ids" | "country">): string {
  if (tellsCountries(clients)) return "country";
  return clients.ids.length > MANY ? "status" : NO_GROUPS;
}

/** What clients can be grouped by in a round, beside country and status: whatever they report as text. */
export function groupChoices(table: RoundTable | undefined): string[] {
  return [...(table?.columns ?? [])].flatMap(([name, { values }]) =>
    values?.values.some((value) => typeof value === "string") === true && !KNOWN_TEXTS.has(name) ? [name] : [],
  );
}

const KNOWN_TEXTS: ReadonlySet<string> = new Set(["client_id", "status", "country"]);

function tellsCountries({ country }: Pick<Clients, "country">): boolean {
  const first = country.find((name) => name !== undefined && name !== "");
  return first !== undefined && country.some((name) => name !== undefined && name !== "" && name !== first);
}

function textsOf(table: RoundTable | undefined, field: string): (client: number) => string | undefined {
  return (client) => {
    const value = fieldOf(table, client, field);
    return value === undefined || value === null ? undefined : formatField(value);
  };
}

function byText(
  count: number,
  textOf: (client: number) => string | undefined,
  [others, none]: [string, string],
): Grouping {
  const sizes = new Map<string, number>();
  const texts = Array.from({ length: count }, (_, client) => textOf(client) ?? "");
  for (const text of texts) if (text !== "") sizes.set(text, (sizes.get(text) ?? 0) + 1);
  const names = [...sizes]
    .sort(([a, one], [b, other]) => other - one || (a < b ? -1 : 1))
    .slice(0, MAX_GROUPS)
    .map(([name]) => name);
  const numbers = new Map(names.map((name, number) => [name, number]));
  const groupOf = Uint16Array.from(texts, (text) => numbers.get(text) ?? names.length + (text === "" ? 1 : 0));
  return { groupOf, names: [...names, others, none] };
}

/** Lays clients out: each group as a block, the blocks on shelves. */
export function layOutGrid({ groupOf, names }: Grouping): HostGrid {
  const count = groupOf.length;
  const named = names.length > 0;
  const head = named ? Math.max(HEAD, HEAD_SHARE * Math.sqrt(count)) : 0;
  const sizes = new Uint32Array(Math.max(1, names.length));
  for (const group of groupOf) sizes[group] = (sizes[group] ?? 0) + 1;
  // Many clients in few groups are bands, one below the other.
  const bands = !named || (count > MANY && sizes.length <= CLIENT_STATUSES.length);
  const { blocks, width, height } = placeBlocks(sizes, head, bands);
  const positions = { x: new Float32Array(count), y: new Float32Array(count) };
  const filled = new Uint32Array(sizes.length);
  for (let i = 0; i < count; i++) {
    const group = groupOf[i] ?? 0;
    const block = blocks[group];
    const at = filled[group] ?? 0;
    filled[group] = at + 1;
    if (block === undefined) continue;
    positions.x[i] = (block.left + (at % block.columns) + 0.5) * GRID_CELL;
    positions.y[i] = (block.top + Math.floor(at / block.columns) + 0.5) * GRID_CELL;
  }
  return {
    positions,
    bounds: { left: 0, top: 0, right: width * GRID_CELL, bottom: height * GRID_CELL },
    groups: blocks.flatMap((block, group) =>
      named && block.size > 0
        ? {
            name: names[group] ?? "",
            count: block.size,
            left: block.left * GRID_CELL,
            top: (block.top - head / 2) * GRID_CELL,
            width: Math.max(block.columns, NAME_HEADS * head) * GRID_CELL,
          }
        : [],
    ),
  };
}

/** In cells. */
interface Block {
  readonly size: number;
  readonly columns: number;
  readonly rows: number;
  readonly left: number;
  readonly top: number;
}

interface Shelves {
  readonly blocks: readonly Block[];
  readonly width: number;
  readonly height: number;
}

/** Tries how wide the shelves should be, as shares of what would do if nothing were left free, for the largest cells. */
const WIDTHS = [1, 1.15, 1.3, 1.5, 1.75, 2, 2.4] as const;

function placeBlocks(sizes: Uint32Array, head: number, bands: boolean): Shelves {
  const full = Math.sqrt(sizes.reduce((sum, size) => sum + size, 0) * ASPECT);
  const room = ({ width, height }: Shelves): number => Math.max(width / ASPECT, height);
  return WIDTHS.map((share) => fillShelves(sizes, head, bands, Math.max(1, Math.ceil(full * share)))).reduce(
    (best, other) => (room(other) < room(best) ? other : best),
  );
}

/** @param width - of the shelves, in cells; a block that is wider has one of its own */
function fillShelves(sizes: Uint32Array, head: number, bands: boolean, width: number): Shelves {
  const gap = 0.8 * head;
  let [left, top, shelf, right] = [0, head, 0, 1];
  const blocks = Array.from(sizes, (size): Block => {
    if (size === 0) return { size, columns: 1, rows: 0, left, top };
    const columns = bands ? width : Math.ceil(Math.sqrt(size * GROUP_ASPECT));
    const needed = Math.max(columns, NAME_HEADS * head);
    if (left > 0 && left + needed > width) {
      top += shelf + gap + head;
      [left, shelf] = [0, 0];
    }
    const block = { size, columns, rows: Math.ceil(size / columns), left, top };
    right = Math.max(right, left + needed);
    left += needed + gap;
    shelf = Math.max(shelf, block.rows);
    return block;
  });
  return { blocks, width: right, height: Math.max(1, top + shelf) };
}
