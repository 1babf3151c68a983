import { type ReadonlySignal, signal } from "@preact/signals";
import type { searchFor } from "./searcher.ts";

const loaded = signal<typeof searchFor | undefined>(undefined);

/** Understands what clients are searched for, once that is loaded: most readers search for nothing at first. */
export const searcher: ReadonlySignal<typeof searchFor | undefined> = loaded;

/** Loads it. It is tried again the next time, if the server couldn't be reached. */
export async function loadSearcher(): Promise<void> {
  loaded.value ??= await import("./searcher.ts").then(
    (module) => module.searchFor,
    () => undefined,
  );
}
