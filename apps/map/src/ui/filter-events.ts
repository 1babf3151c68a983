import { stringifyEvent } from "@hivewatch/core";
import type { FeedEntry } from "../data/run-data.ts";
import { foldText } from "../search/fold-text.ts";

/**
 * The events that are meant: `type:x` ones whose type has that in it, `round:x` those of that round, and any other word
 * those that have it anywhere. All must be met; a minus before a word turns it around.
 */
export function filterEvents(
  entries: readonly FeedEntry[],
  text: string,
  idOf: (client: number) => string,
): readonly FeedEntry[] {
  const words = text.split(/\s+/).filter((word) => word !== "" && word !== "-");
  if (words.length === 0) return entries;
  const tests = words.map((word) => testOf(word, idOf));
  return entries.filter((entry) => tests.every((test) => test(entry)));
}

function testOf(word: string, idOf: (client: number) => string): (entry: FeedEntry) => boolean {
  if (word.startsWith("-")) {
    const test = testOf(word.slice(1), idOf);
    return (entry) => !test(entry);
  }
  const folded = foldText(word);
  if (folded.startsWith("type:")) return ({ type }) => foldText(type).includes(folded.slice(5));
  if (folded.startsWith("round:")) return ({ round }) => String(round) === folded.slice(6);
  return (entry) =>
    textOf(entry).includes(folded) || (entry.client !== undefined && foldText(idOf(entry.client)).includes(folded));
}

const texts = new WeakMap<FeedEntry, string>();

function textOf(entry: FeedEntry): string {
  let text = texts.get(entry);
  if (text === undefined) {
    text = foldText(`${entry.type} ${entry.type.replaceAll("_", " ")} ${stringifyEvent(entry.detail)}`);
    texts.set(entry, text);
  }
  return text;
}
