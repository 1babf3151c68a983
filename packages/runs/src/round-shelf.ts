import {
  type MapHeadRound,
  numberFromJson,
  parseMapHeadRound,
  type RoundSummary,
  stringifyEvent,
} from "@hivewatch/core";
import type { Place } from "./frame-file.ts";
import { cellBytes, type RoundPart } from "./round-part.ts";
import {
  createTable,
  fetched,
  partFigures,
  type RoundTable,
  summarizeTable,
  type TableContext,
  type TablePart,
} from "./round-table.ts";

/** Writes parts to disk, and returns where. */
export type WriteParts = (parts: readonly RoundPart[]) => Promise<Place[]>;

/**
 * The rounds of a run: those that something happens in as tables, the others as their entries in the head alone. Which
 * are which only matters to memory.
 */
export interface RoundShelf {
  /** A round for changing; one that isn't there is made. */
  get(round: number): RoundTable;
  /** The numbers of all rounds, ascending. */
  numbers(): number[];
  /** All rounds as the head has them, in that order, each as its JSON. To be asked for when everything is saved. */
  entries(): string[];
  /** A round for reading; undefined if there is none. */
  look(round: number): RoundTable | undefined;
  /** The parts of a round, one after the other, each in memory only as long as somebody looks at it. */
  parts(table: RoundTable): Generator<RoundPart>;
  /** Saves all that has changed. */
  save(write: WriteParts): Promise<void>;
  /** Makes room if too much is held. */
  relieve(write: WriteParts): Promise<void>;
  /** Where all parts stand, by round, and what their places become if they are moved. */
  move(to: (place: Place) => Promise<Place>): Promise<void>;
  /** How many bytes on disk are parts that count. */
  readonly liveBytes: number;
}

/** How many tables are held at most; the least recently used become entries. */
const MAX_TABLES = 256;

/** How many parts are packed and written at a time. */
const GROUP = 4;

/**
 * @param saved - the rounds as a head has them
 * @param maxBytes - how much is held at most, about
 */
export function createRoundShelf(context: TableContext, saved: readonly MapHeadRound[], maxBytes: number): RoundShelf {
  const tables = new Map<number, RoundTable>();
  /** Of all rounds but those that were never saved. Out of date for a table that has changed. */
  const entries = new Map(saved.map((entry) => [entry.round, stringifyEvent(entry)]));
  let liveBytes = saved.flatMap(({ parts }) => parts).reduce((sum, [, length]) => sum + length, 0);

  function look(round: number): RoundTable | undefined {
    const table = tables.get(round);
    if (table !== undefined) return table;
    const entry = entries.get(round);
    return entry === undefined ? undefined : tableOf(parseMapHeadRound(entry));
  }

  async function saveParts(parts: readonly TablePart[], write: WriteParts): Promise<void> {
    for (let at = 0; at < parts.length; at += GROUP) {
      const group = parts.slice(at, at + GROUP);
      const places = await write(group.map((part) => fetched(part, context)));
      for (const [i, part] of group.entries()) {
        partFigures(part, context);
        liveBytes += (places[i]?.length ?? 0) - (part.place?.length ?? 0);
        part.place = places[i];
        part.hasChanged = false;
      }
    }
  }

  async function saveTables(changed: readonly RoundTable[], write: WriteParts): Promise<void> {
    await saveParts(
      changed.flatMap((table) => table.parts.filter((part) => part.hasChanged)),
      write,
    );
    for (const table of changed) {
      for (const { place } of table.dropped.splice(0)) liveBytes -= place?.length ?? 0;
      entries.set(table.round, entryOf(table, context));
      table.hasChanged = false;
    }
  }

  /** Takes parts out of memory until enough is free. */
  async function unload(write: WriteParts): Promise<void> {
    let held = 0;
    const loaded: TablePart[] = [];
    for (const table of tables.values()) {
      held += table.index?.bytes ?? 0;
      for (const part of table.parts) {
        if (part.loaded === undefined) continue;
        held += cellBytes(part.loaded);
        loaded.push(part);
      }
    }
    if (held <= maxBytes) return;
    const leaving: TablePart[] = [];
    for (const part of loaded.sort((a, b) => a.usedAt - b.usedAt)) {
      if (held <= maxBytes / 2) break;
      held -= part.loaded === undefined ? 0 : cellBytes(part.loaded);
      leaving.push(part);
    }
    await saveParts(
      leaving.filter((part) => part.hasChanged),
      write,
    );
    for (const part of leaving) part.loaded = undefined;
    for (const table of byAge(tables).slice(0, -1)) {
      if (held <= maxBytes) return;
      held -= table.index?.bytes ?? 0;
      table.index = undefined;
    }
  }

  return {
    get(round) {
      let table = tables.get(round);
      if (table === undefined) {
        table = look(round) ?? createTable(round);
        tables.set(round, table);
      }
      table.usedAt = context.now();
      table.hasChanged = true;
      table.summary = undefined;
      return table;
    },
    look,
    numbers: () => [...new Set([...tables.keys(), ...entries.keys()])].sort((a, b) => a - b),
    entries: () => [...entries].sort(([a], [b]) => a - b).map(([, entry]) => entry),
    *parts(table) {
      for (const part of table.parts) yield fetched(part, context);
    },
    save: (write) =>
      saveTables(
        [...tables.values()].filter((table) => table.hasChanged),
        write,
      ),
    async relieve(write) {
      await unload(write);
      if (tables.size <= MAX_TABLES) return;
      const leaving = byAge(tables).slice(0, -MAX_TABLES / 2);
      await saveTables(
        leaving.filter((table) => table.hasChanged),
        write,
      );
      for (const table of leaving) tables.delete(table.round);
    },
    async move(to) {
      for (const [round, entry] of [...entries].sort(([a], [b]) => a - b)) {
        const table = tables.get(round);
        const parts = table?.parts ?? tableOf(parseMapHeadRound(entry)).parts;
        for (const part of parts) if (part.place !== undefined) part.place = await to(part.place);
        const moved = parts.map(({ place }) => [place?.offset, place?.length]);
        entries.set(round, stringifyEvent({ ...parseMapHeadRound(entry), parts: moved }));
      }
    },
    get liveBytes() {
      return liveBytes;
    },
  };
}

function byAge(tables: ReadonlyMap<number, RoundTable>): RoundTable[] {
  return [...tables.values()].sort((a, b) => a.usedAt - b.usedAt);
}

function entryOf(table: RoundTable, context: TableContext): string {
  const { round, ...figures } = summarizeTable(table, context);
  const entry: MapHeadRound = {
    round,
    clients: table.rows,
    silent: table.rows - table.heard,
    parts: table.parts.map(({ place }) => [place?.offset ?? 0, place?.length ?? 0]),
    started_at: table.startedAt ?? null,
    ended_at: table.endedAt ?? null,
    selected: table.selected ?? null,
    reported: Object.keys(table.metrics),
    figures,
  };
  return stringifyEvent(entry);
}

function tableOf(entry: MapHeadRound): RoundTable {
  const table = createTable(entry.round);
  for (const name of entry.reported) table.metrics[name] = entry.figures[name];
  return Object.assign(table, {
    startedAt: entry.started_at ?? undefined,
    endedAt: entry.ended_at ?? undefined,
    selected: entry.selected ?? undefined,
    rows: entry.clients,
    heard: entry.clients - entry.silent,
    summary: summaryOf(entry),
    hasChanged: false,
    parts: entry.parts.map(([offset, length]) => ({
      loaded: undefined,
      place: { offset, length },
      hasChanged: false,
      figures: undefined,
      usedAt: 0,
    })),
  });
}

function summaryOf({ round, figures }: MapHeadRound): RoundSummary {
  const { participation, clients_accuracy, clients_loss, ...rest } = figures;
  return {
    ...rest,
    round,
    participation: numberFromJson(participation),
    clients_accuracy: numberFromJson(clients_accuracy),
    clients_loss: numberFromJson(clients_loss),
  };
}
