import { newSeed, randomFrom } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { FINDING_KINDS } from "../src/data/run-data.ts";
import {
  AXES,
  CLIENT_ORDERS,
  createPageState,
  type PageState,
  PROJECTIONS,
  RUN_ORDERS,
  TABS,
  VIEWS,
} from "../src/page-state.ts";
import { PACES, SPEEDS } from "../src/replay/replay-clock.ts";
import { PANELS, readAddress } from "../src/run-address.ts";
import { fragmentForOther, fragmentOf, queryOf, readFragment, wholeQueryOf } from "../src/url-state.ts";

const TEXTS = [
  "a",
  "site 1",
  "a&b=ü",
  "#",
  "%41",
  "+",
  "a=b&round=7",
  "\u202eevil",
  "<img src=x>",
  "日本",
  "-",
  "\n",
  '"',
];

test("a link names the run, the round and the client", () => {
  const state = createPageState();
  expect(readAddress("?run_id=a.b-1").runId).toBe("a.b-1");
  expect(readFragment("#round=0&client=site+1", state)).toEqual({ round: 0 });
  expect(state.client.value).toBe("site 1");
});

test("another run is looked at in the same way, but not at the same client", () => {
  const state = createPageState();
  readFragment("#client=a&filter=status:failed&color=local_loss&compare=b&chart=bytes", state);
  expect(fragmentForOther(state)).toBe("#filter=status%3Afailed&color=local_loss&compare=b&chart=bytes");
  expect(fragmentForOther(createPageState())).toBe("");
});

test("an address that follows whatever runs names none", () => {
  expect(queryOf("?run_id=a", undefined)).toBe("");
  expect(queryOf("?run_id=a&x=1", undefined)).toBe("?x=1");
  expect(queryOf("", "a")).toBe("?run_id=a");
});

test("a round that is none is left out", () => {
  for (const hash of ["", "#", "#round=", "#round=-1", "#round=1e3", "#round=NaN"]) {
    expect(readFragment(hash, createPageState()).round).toBeUndefined();
  }
});

test("what can't be a run's id is passed over", () => {
  for (const id of ["", "../../etc/passwd", "<img src=x>", "x".repeat(200)]) {
    expect(readAddress(`?${new URLSearchParams({ run_id: id })}`).runId).toBeUndefined();
  }
});

test("a saved run's map is a file beside the page, and nowhere else", () => {
  const mapOf = (map: string): string | undefined => readAddress(`?${new URLSearchParams({ map })}`).map;
  for (const map of ["a.map2.json", "runs/a b.map2.json", "../runs/ü%41.map2.json", "./x/<b>.map2.json"]) {
    expect(mapOf(map)).toBe(map);
    expect(new URL(map, "https://here.example/v/").origin).toBe("https://here.example");
  }
  const elsewhere = [
    "https://evil.example/a.map2.json",
    "//evil.example/a.map2.json",
    "/a.map2.json",
    "\\\\evil.example\\a.map2.json",
    "/\t/evil.example/a.map2.json",
    "\t//evil.example/a.map2.json",
    " //evil.example/a.map2.json",
    "ht\ntps://evil.example/a.map2.json",
    "javascript:alert(1)//.map2.json",
    "data:,{}.map2.json",
    "blob:a.map2.json",
  ];
  for (const map of [...elsewhere, "", "a.json", "a.map2.json?x", "a.map2.json#x", ".map2.json/"]) {
    expect(mapOf(map)).toBeUndefined();
  }
});

test("a panel leads to the whole page of its run", () => {
  expect(wholeQueryOf("?embed=1&panel=map&theme=x", "run 1")).toBe("?theme=x&run_id=run+1");
  expect(wholeQueryOf("?map=a.map2.json&embed=1", "a")).toBe("?map=a.map2.json");
});

test("what a map looks at is a place on Earth, or nothing", () => {
  const lookIn = (at: string): unknown => {
    const state = createPageState();
    readFragment(`#at=${at}`, state);
    return state.at.value;
  };
  expect(lookIn("8.54,47.37,3")).toEqual({ lng: 8.54, lat: 47.37, zoom: 3 });
  for (const at of ["", "8", "8,47", "8,97,3", "188,47,3", "8,47,0", "8,47,x", "8,47,1e9", "8,47,3,1"]) {
    expect(lookIn(at)).toBeUndefined();
  }
});

test("foreign parameters stay", () => {
  expect(queryOf("?token=x&run_id=old&embed=1", "run 1")).toBe("?token=x&run_id=run+1&embed=1");
});

test("a panel is shown alone where the address asks for it, else the map", () => {
  expect(readAddress("?panel=charts").panel).toBeUndefined();
  expect(readAddress("?embed=1&panel=charts").panel).toBe("charts");
  expect(readAddress("?embed=1&panel=nonsense").panel).toBe("map");
  for (const panel of PANELS) expect(readAddress(`?embed=1&panel=${panel}`).panel).toBe(panel);
});

test("what has its usual value is not in the address", () => {
  expect(fragmentOf(createPageState(), undefined)).toBe("");
});

test("what is written is read back, whatever it is", () => {
  const { below } = randomFrom(newSeed());
  for (let run = 0; run < 500; run++) {
    const state = randomState(below);
    const round = below(2) === 0 ? undefined : below(1e9);
    const { hash } = new URL(fragmentOf(state, round), "http://host/page");
    const read = createPageState();
    read.filter.value = "left from before";
    expect(readFragment(hash, read)).toEqual({ round });
    expect(valuesOf(read)).toEqual(valuesOf(state));
    expect(fragmentOf(read, round)).toBe(hash);
  }
});

test("nonsense in an address is no state", () => {
  const { below } = randomFrom(newSeed());
  const names = [...fragmentOf(randomState(below), 1).slice(1).split("&"), "tab", "sort", "view", "speed"].map(
    (pair) => pair.split("=")[0] ?? "",
  );
  for (let run = 0; run < 500; run++) {
    const pairs = names.map((name) => `${name}=${encodeURIComponent(textFrom(below))}`);
    const state = createPageState();
    readFragment(`#${pairs.join("&")}`, state);
    expect(TABS).toContain(state.tab.value);
    expect(VIEWS).toContain(state.view.value);
    expect(PROJECTIONS).toContain(state.projection.value);
    expect(AXES).toContain(state.axis.value);
    expect(SPEEDS[state.speed.value.pace]).toContain(state.speed.value.factor);
  }
});

function randomState(below: (limit: number) => number): PageState {
  const state = createPageState();
  const pick = <T>(choices: readonly T[], usual: T): T => choices[below(choices.length)] ?? usual;
  const some = <T>(choices: readonly T[]): T[] => choices.filter(() => below(2) === 0);
  if (below(2) === 0) state.client.value = textFrom(below);
  state.filter.value = textFrom(below);
  state.colorBy.value = textFrom(below);
  state.projection.value = pick(PROJECTIONS, "globe");
  state.metric.value = textFrom(below);
  state.at.value =
    below(2) === 0
      ? undefined
      : {
          lng: (below(360_000) - 180_000) / 1000,
          lat: (below(180_000) - 90_000) / 1000,
          zoom: (1 + below(60_000)) / 1000,
        };
  state.groupBy.value = textFrom(below);
  state.tables.value = some(["accuracy", "client.x y"]);
  state.page.value = below(1_000);
  state.cells.value = below(8);
  state.runs.value = textFrom(below);
  state.runOrder.value = pick(RUN_ORDERS, "id");
  state.compared.value = some(["run-1", "run 2", "a.b"]);
  state.tab.value = pick(TABS, "events");
  state.axis.value = pick(AXES, "time");
  const pace = pick(PACES, "fixed");
  state.speed.value = { pace, factor: pick(SPEEDS[pace], 1) };
  state.loop.value = below(2) === 0;
  state.charts.value = below(4) === 0 ? [] : [textFrom(below), textFrom(below)];
  state.order.value = pick(CLIENT_ORDERS, "id");
  state.sort.value = { field: textFrom(below).replace(/^-/, "x"), descending: below(2) === 0 };
  state.columns.value = some(["a,b", "local_loss", "x y"]);
  state.kinds.value = some(FINDING_KINDS);
  state.events.value = textFrom(below);
  state.view.value = pick(VIEWS, "map");
  return state;
}

function textFrom(below: (limit: number) => number): string {
  return Array.from({ length: 1 + below(3) }, () => TEXTS[below(TEXTS.length)] ?? "").join("");
}

function valuesOf(state: PageState): Record<string, unknown> {
  return Object.fromEntries(Object.entries(state).map(([name, { value }]) => [name, value]));
}
