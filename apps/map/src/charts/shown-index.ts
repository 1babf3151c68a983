import { type ReadonlySignal, useComputed } from "@preact/signals";
import { useSession } from "../session.ts";
import { firstAtLeast } from "./round-axis.ts";

/** The shown round's index in the run's rounds; -1: there is none. */
export function useShownIndex(): ReadonlySignal<number> {
  const { data, player } = useSession();
  return useComputed(() => {
    const { numbers } = data.overview.value.rounds;
    const round = player.round.value;
    const index = round === undefined ? -1 : firstAtLeast(numbers, round);
    return numbers[index] === round ? index : -1;
  });
}
