import { newSeed, randomFrom } from "@hivewatch/test-support";
import { expect, test } from "vitest";
import { unknownFields } from "../src/search/check-fields.ts";
import { matchClients } from "../src/search/match-clients.ts";
import { parseNumber } from "../src/search/parse-number.ts";
import { parseQuery } from "../src/search/parse-query.ts";
import { quoteField, quoteValue } from "../src/search/quote.ts";
import { suggest } from "../src/search/suggest.ts";
import { type ClientRow, clientsOf, tableOf, tallyOf } from "./tables.ts";

const ROWS: readonly ClientRow[] = [
  {
    id: "abc-1",
    status: "active",
    city: "São Paulo",
    country: "BR",
    local_accuracy: 0.9,
    bytes_sent: 2e6,
    device: "phone",
  },
  { id: "abc-2", status: "dropped", city: "Berlin", country: "DE" },
  {
    id: "xyz-3",
    status: "active",
    city: "Hamburg",
    country: "DE",
    local_accuracy: 0.4,
    base_round: 5,
    device: "Phone",
  },
  { id: "xyz-4", status: "non_finite", country: "DE", local_accuracy: Number.NaN },
  { id: "xyz-5", status: "failed", local_accuracy: Number.POSITIVE_INFINITY, device: 7 },
  { id: "Idle Six" },
];

const SOURCE = {
  clients: clientsOf(ROWS),
  table: tableOf(8, ROWS),
  tally: tallyOf(ROWS.length, {
    rounds: 10,
    completed: Uint32Array.of(10, 2, 8, 0, 0, 0),
    dropouts: Uint32Array.of(0, 3, 0, 0, 0, 0),
  }),
};

/** The ids that a query finds. */
function found(text: string): string[] {
  const query = parseQuery(text);
  expect(query.problems).toEqual([]);
  const matches = matchClients(query, SOURCE);
  return SOURCE.clients.ids.filter((_, client) => matches === undefined || matches[client] === 1);
}

test("every term must be met", () => {
  expect(found("status:dropped country:DE")).toEqual(["abc-2"]);
  expect(found("country:de local_accuracy<0.5")).toEqual(["xyz-3"]);
  expect(found("")).toHaveLength(6);
  expect(found("   ")).toHaveLength(6);
});

test("words are looked for in ids, places and statuses; case and accents make no difference", () => {
  expect(found("ABC")).toEqual(["abc-1", "abc-2"]);
  expect(found("sao")).toEqual(["abc-1"]);
  expect(found('"São Paulo"')).toEqual(["abc-1"]);
  expect(found("dropped")).toEqual(["abc-2"]);
  expect(found("xyz hamburg")).toEqual(["xyz-3"]);
});

test("conditions on text", () => {
  expect(found('city:"são paulo"')).toEqual(["abc-1"]);
  expect(found("id:yz-")).toEqual(["xyz-3", "xyz-4", "xyz-5"]);
  expect(found("id=xyz-3")).toEqual(["xyz-3"]);
  expect(found("country!=DE")).toEqual(["abc-1"]);
  expect(found("device:phone")).toEqual(["abc-1", "xyz-3"]);
  expect(found("device:7")).toEqual(["xyz-5"]);
  expect(found("city:none")).toEqual(["xyz-4", "xyz-5", "Idle Six"]);
  expect(found('city:"none"')).toEqual([]);
});

test("conditions on numbers: what is missing meets none of them", () => {
  expect(found("local_accuracy>=0.4")).toEqual(["abc-1", "xyz-3", "xyz-5"]);
  expect(found("acc<40%")).toEqual([]);
  expect(found("acc<=40%")).toEqual(["xyz-3"]);
  expect(found("local_accuracy=0.9")).toEqual(["abc-1"]);
  expect(found("local_accuracy!=0.9")).toEqual(["xyz-3", "xyz-4", "xyz-5"]);
  expect(found("local_accuracy:NaN")).toEqual(["xyz-4"]);
  expect(found("local_accuracy:nan,infinity")).toEqual(["xyz-4", "xyz-5"]);
  expect(found("local_accuracy:none")).toEqual(["abc-2", "Idle Six"]);
  expect(found("bytes_sent>1MB")).toEqual(["abc-1"]);
  expect(found("staleness>2")).toEqual(["xyz-3"]);
});

test("conditions on how often a client was there", () => {
  expect(found("round_share<0.5")).toEqual(["abc-2", "xyz-4", "xyz-5", "Idle Six"]);
  expect(found("dropouts>0")).toEqual(["abc-2"]);
});

test("statuses by name or label, one or the other, and turned around", () => {
  expect(found("status:failed,dropped")).toEqual(["abc-2", "xyz-5"]);
  expect(found("status:nan")).toEqual(["xyz-4"]);
  expect(found("status:idle")).toEqual(["Idle Six"]);
  expect(found("-status:active")).toEqual(["abc-2", "xyz-4", "xyz-5", "Idle Six"]);
  expect(found("status!=active")).toEqual(["abc-2", "xyz-4", "xyz-5", "Idle Six"]);
  expect(found("status!=dropped")).not.toContain("abc-2");
  expect(found("-abc -xyz")).toEqual(["Idle Six"]);
});

test("what can't be understood is told with its place, and the rest still counts", () => {
  const wrong = (text: string) => parseQuery(text).problems.map(({ start, end }) => text.slice(start, end));
  expect(wrong("abc local_accuracy<high")).toEqual(["local_accuracy<high"]);
  expect(wrong("city:")).toEqual(["city:"]);
  expect(wrong(":x abc")).toEqual([":x"]);
  expect(wrong('city:"São')).toEqual(['"São']);
  expect(wrong("loss<1,2")).toEqual(["loss<1,2"]);
  expect(parseQuery("abc loss<high").terms).toHaveLength(1);
  expect(parseQuery("loss<high").problems[0]?.message).toBe("“<” needs a number behind it, not “high”");
});

test("fields of which nothing is known are told of", () => {
  const query = parseQuery("colour:red local_accuracy<1 id:a round_share<1 staleness>1 abc");
  expect(unknownFields(query, SOURCE.table, []).map(({ message }) => message)).toEqual([
    "no client reported “colour” in this round",
  ]);
  expect(unknownFields(query, undefined, ["colour", "local_accuracy", "staleness"])).toEqual([]);
});

test("numbers as people write them", () => {
  expect(["0.5", "50%", "1e-3", "-2", "20k", "1.5MB", ".5", "NaN", "-inf"].map(parseNumber)).toEqual([
    0.5,
    0.5,
    0.001,
    -2,
    20_000,
    1_500_000,
    0.5,
    Number.NaN,
    Number.NEGATIVE_INFINITY,
  ]);
  expect(["", "x", "1x", "--1", "0x10", "1 2"].map(parseNumber)).toEqual(Array(6).fill(undefined));
});

test("any text is parsed, and its terms lie one behind the other in it", () => {
  const pieces = ["a", " ", '"', "\\", ":", "<", "=", "!=", ">=", "-", ",", "0.5", "status", "ü", "\n", "\u202e"];
  const { below } = randomFrom(newSeed());
  for (let run = 0; run < 3000; run++) {
    const text = Array.from({ length: below(12) }, () => pieces[below(pieces.length)] ?? "").join("");
    const { terms, problems } = parseQuery(text);
    let before = 0;
    for (const { start, end } of [...terms, ...problems].sort((a, b) => a.start - b.start)) {
      expect(start).toBeGreaterThanOrEqual(before);
      expect(end).toBeGreaterThan(start);
      expect(end).toBeLessThanOrEqual(text.length);
      before = end;
    }
    matchClients({ terms, problems }, SOURCE);
    suggest(text, below(text.length + 1), SOURCE, []);
  }
});

test("what is quoted is read back", () => {
  const pieces = ["a", " ", '"', "\\", ":", "<", "!=", "-", ",", "ü"];
  const { below } = randomFrom(newSeed());
  for (let run = 0; run < 2000; run++) {
    const text = (): string => Array.from({ length: 1 + below(5) }, () => pieces[below(pieces.length)] ?? "").join("");
    const [field, value] = [text(), text()];
    const { terms, problems } = parseQuery(`${quoteField(field)}=${quoteValue(value)} next`);
    expect(problems).toEqual([]);
    expect(terms[0]).toMatchObject({ kind: "condition", negated: false, field, values: [{ text: value }] });
    expect(terms[1]).toMatchObject({ kind: "word", text: "next" });
  }
});

test("clients are matched as a plain filter matches them", () => {
  const cities = ["Berlin", "Tokyo", "São Paulo", undefined];
  const rows = Array.from({ length: 2_000 }, (_, i): ClientRow => {
    const city = cities[i % 4];
    return {
      id: `site-${i}`,
      status: i % 7 === 0 ? "dropped" : "active",
      local_accuracy: (i % 100) / 100,
      ...(city && { city }),
    };
  });
  const small = { clients: clientsOf(rows), table: tableOf(1, rows), tally: tallyOf(rows.length) };
  const query = parseQuery("status:active local_accuracy<0.5 -city:tokyo site");
  const expected = rows.filter(
    ({ status, city, local_accuracy: accuracy }) => status === "active" && Number(accuracy) < 0.5 && city !== "Tokyo",
  );
  const matches = matchClients(query, small);
  expect(matches?.reduce((sum, match) => sum + match, 0)).toBe(expected.length);
});

test("suggests fields, and then their values", () => {
  const labels = (text: string, caret = text.length) => suggest(text, caret, SOURCE, []).map(({ label }) => label);
  expect(labels("st")).toEqual(expect.arrayContaining(["status", "staleness"]));
  expect(labels("status:dr")).toEqual(["dropped"]);
  expect(labels("status:failed,dr")).toEqual(["dropped"]);
  expect(labels("-country:")).toEqual(["DE", "BR"]);
  expect(labels('city:"sa')).toEqual(["São Paulo"]);
  expect(labels("device:")).toEqual(["phone", "Phone"]);
});

test("a suggestion takes the place of what was typed", () => {
  const [first] = suggest("x city:sa y", 9, SOURCE, []);
  expect(first).toMatchObject({ text: '"São Paulo" ', span: { start: 7, end: 9 } });
});
