import { type ReadonlySignal, signal } from "@preact/signals";

/** As in layout.css. */
const query = matchMedia("(max-width: 899px)");
const narrow = signal(query.matches);
query.addEventListener("change", () => {
  narrow.value = query.matches;
});

/** Whether the page is too narrow for two columns. */
export const isNarrow: ReadonlySignal<boolean> = narrow;
