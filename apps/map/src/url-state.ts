import { isRunId } from "@hivewatch/core";
import type { Signal } from "@preact/signals";
import { FINDING_KINDS } from "./data/run-data.ts";
import {
  AXES,
  CLIENT_ORDERS,
  createPageState,
  type Look,
  type PageState,
  PROJECTIONS,
  RUN_ORDERS,
  type Sort,
  TABS,
  VIEWS,
} from "./page-state.ts";
import { type ReplaySpeed, SPEEDS } from "./replay/replay-clock.ts";
import { roundIn } from "./run-address.ts";

/** The query for a run of our server; undefined: whatever runs. Parameters that are not ours are kept. */
export function queryOf(search: string, runId: string | undefined): string {
  const query = new URLSearchParams(search);
  if (runId === undefined) query.delete("run_id");
  else query.set("run_id", runId);
  return query.size > 0 ? `?${query}` : "";
}

/** The query of the whole page that a panel is of. */
export function wholeQueryOf(search: string, runId: string): string {
  const query = new URLSearchParams(search);
  for (const name of ["embed", "panel"]) query.delete(name);
  if (!query.has("map")) query.set("run_id", runId);
  return `?${query}`;
}

/** Takes over what the fragment of an address says; what it doesn't say gets its usual value. */
export function readFragment(hash: string, state: PageState): { readonly round: number | undefined } {
  const fragment = new URLSearchParams(hash.replace(/^#/, ""));
  for (const field of FIELDS) field.read(state, fragment.getAll(field.name));
  return { round: roundIn(hash) };
}

/** What of a state holds for another run, too, as a fragment: all but where in the run one is. */
export function fragmentForOther(state: PageState): string {
  const fragment = new URLSearchParams(fragmentOf(state, undefined).slice(1));
  for (const name of OF_ONE_RUN) fragment.delete(name);
  return fragment.size > 0 ? `#${fragment}` : "";
}

/** The fragment of a state, with its `#`; empty if everything has its usual value. */
export function fragmentOf(state: PageState, round: number | undefined): string {
  const fragment = new URLSearchParams();
  if (round !== undefined) fragment.set("round", String(round));
  for (const field of FIELDS) for (const text of field.write(state)) fragment.append(field.name, text);
  return fragment.size > 0 ? `#${fragment}` : "";
}

/** What another run has none of: its clients are others. */
const OF_ONE_RUN = ["client", "page"] as const;

interface UrlField {
  readonly name: string;
  read(state: PageState, texts: readonly string[]): void;
  write(state: PageState): readonly string[];
}

interface Codec<T> {
  /** Undefined: this can't be. */
  read(texts: readonly string[]): T | undefined;
  write(value: T): readonly string[];
}

function field<T>(name: string, signalOf: (state: PageState) => Signal<T>, codec: Codec<T>): UrlField {
  const usual = signalOf(createPageState()).peek();
  const usualTexts = codec.write(usual).join("\n");
  return {
    name,
    read(state, texts) {
      signalOf(state).value = (texts.length === 0 ? undefined : codec.read(texts)) ?? usual;
    },
    write(state) {
      const texts = codec.write(signalOf(state).value);
      return texts.join("\n") === usualTexts ? [] : texts;
    },
  };
}

const TEXT: Codec<string> = { read: ([text]) => text, write: (text) => [text] };

const OPTIONAL_TEXT: Codec<string | undefined> = {
  read: ([text]) => text || undefined,
  write: (text) => (text === undefined ? [] : [text]),
};

/** An empty list is one empty text: none at all would be the usual list. */
const LIST: Codec<readonly string[]> = {
  read: (texts) => texts.filter((text) => text !== ""),
  write: (list) => (list.length === 0 ? [""] : list),
};

const SORT: Codec<Sort> = {
  read: ([text = ""]) =>
    text === "" ? undefined : { field: text.replace(/^-/, ""), descending: text.startsWith("-") },
  write: ({ field: name, descending }) => [descending ? `-${name}` : name],
};

/** Rounds a second, as `5`; or times as fast as it was, as `60x`. */
const SPEED: Codec<ReplaySpeed> = {
  read([text = ""]) {
    const pace = text.endsWith("x") ? "true" : "fixed";
    const factor = SPEEDS[pace].find((known) => `${known}` === text.replace(/x$/, ""));
    return factor === undefined ? undefined : { pace, factor };
  },
  write: ({ pace, factor }) => [pace === "true" ? `${factor}x` : `${factor}`],
};

/** Longitude, latitude and zoom, as `8.54,47.37,3.2`. */
const LOOK: Codec<Look | undefined> = {
  read([text = ""]) {
    const [lng = Number.NaN, lat = Number.NaN, zoom = Number.NaN, ...rest] = text.split(",").map(Number);
    const isPlace = Math.abs(lng) <= 180 && Math.abs(lat) <= 90 && zoom > 0 && zoom < 1e6;
    return isPlace && rest.length === 0 ? { lng, lat, zoom } : undefined;
  },
  write: (look) => (look === undefined ? [] : [[look.lng, look.lat, look.zoom].map(rounded).join()]),
};

/** Further digits tell no difference that can be seen. */
function rounded(value: number): number {
  return Math.round(value * 1e3) / 1e3;
}

/** A whole number up to `most`. */
function upTo(most: number): Codec<number> {
  return {
    read: ([text = ""]) => (/^\d{1,6}$/.test(text) && Number(text) <= most ? Number(text) : undefined),
    write: (value) => [String(value)],
  };
}

function oneOf<T extends string>(choices: readonly T[]): Codec<T> {
  return { read: ([text]) => choices.find((choice) => choice === text), write: (choice) => [choice] };
}

function someOf<T extends string>(choices: readonly T[]): Codec<readonly T[]> {
  return {
    read: (texts) => choices.filter((choice) => texts.includes(choice)),
    write: (list) => (list.length === 0 ? [""] : list),
  };
}

const FIELDS: readonly UrlField[] = [
  field("client", ({ client }) => client, OPTIONAL_TEXT),
  field("filter", ({ filter }) => filter, TEXT),
  field("color", ({ colorBy }) => colorBy, TEXT),
  field("projection", ({ projection }) => projection, oneOf(PROJECTIONS)),
  field("at", ({ at }) => at, LOOK),
  field("group", ({ groupBy }) => groupBy, TEXT),
  field("borders", ({ borders }) => borders, { read: ([text]) => text !== "off", write: (on) => [on ? "on" : "off"] }),
  field("metric", ({ metric }) => metric, TEXT),
  field("compare", ({ compared }) => compared, {
    ...LIST,
    read: (texts) => texts.filter((text) => isRunId(text)),
  }),
  field("tab", ({ tab }) => tab, oneOf(TABS)),
  field("axis", ({ axis }) => axis, oneOf(AXES)),
  field("speed", ({ speed }) => speed, SPEED),
  field("loop", ({ loop }) => loop, { read: ([text]) => text === "on", write: (on) => [on ? "on" : "off"] }),
  field("chart", ({ charts }) => charts, LIST),
  field("table", ({ tables }) => tables, LIST),
  field("order", ({ order }) => order, oneOf(CLIENT_ORDERS)),
  field("page", ({ page }) => page, upTo(999_999)),
  field("cells", ({ cells }) => cells, upTo(7)),
  field("sort", ({ sort }) => sort, SORT),
  field("column", ({ columns }) => columns, LIST),
  field("trouble", ({ kinds }) => kinds, someOf(FINDING_KINDS)),
  field("events", ({ events }) => events, TEXT),
  field("runs", ({ runs }) => runs, TEXT),
  field("runs-order", ({ runOrder }) => runOrder, oneOf(RUN_ORDERS)),
  field("view", ({ view }) => view, oneOf(VIEWS)),
];
