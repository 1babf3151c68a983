import { batch, effect } from "@preact/signals";
import type { PageState } from "./page-state.ts";
import type { Player } from "./replay/player.ts";
import { fragmentOf, readFragment } from "./url-state.ts";

/** Browsers limit how often a page may change its address. */
const DELAY_MS = 300;

/**
 * Keeps the page's address and its state the same. Another client is another entry of the browser's history; anything else
 * changes the entry that is there.
 *
 * @param queryFrom - the query that belongs to the run and a fragment, from the one that is there
 * @returns a function that stops it
 */
export function keepAddress(
  queryFrom: (search: string, fragment: string) => string,
  state: PageState,
  player: Player,
): () => void {
  let client = state.client.peek();

  const stopWriting = effect(() => {
    const fragment = fragmentOf(state, player.wanted.value);
    const query = queryFrom(location.search, fragment);
    // An empty address would be the one that is there, with its query.
    const address = query + fragment || location.pathname;
    const timer = setTimeout(() => {
      if (query + fragment === location.search + location.hash) return;
      const isOther = state.client.peek() !== client;
      client = state.client.peek();
      if (isOther) history.pushState(null, "", address);
      else history.replaceState(null, "", address);
    }, DELAY_MS);
    return () => clearTimeout(timer);
  });

  const onPopState = (): void => {
    batch(() => {
      const { round } = readFragment(location.hash, state);
      client = state.client.peek();
      if (round === undefined) player.follow();
      else player.seek(round);
    });
  };
  addEventListener("popstate", onPopState);

  return () => {
    removeEventListener("popstate", onPopState);
    stopWriting();
  };
}
