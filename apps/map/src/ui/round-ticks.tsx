import { useComputed } from "@preact/signals";
import { useSession } from "../session.ts";

/** More could not be told apart. */
const MAX_TICKS = 300;

/** A tick for each round, which shows where something went wrong. */
export function RoundTicks() {
  const { snapshot, player } = useSession();
  const troubled = useComputed(() => new Set(snapshot.value.model.state.incidents.map(({ round }) => round)));
  const { rounds } = snapshot.value.model;
  if (rounds.length < 2 || rounds.length > MAX_TICKS) return null;
  return (
    <svg class="ticks" viewBox={`0 0 ${rounds.length - 1} 10`} preserveAspectRatio="none" aria-hidden="true">
      {rounds.map((round, index) => (
        <line
          key={round}
          class={`${troubled.value.has(round) ? "trouble" : ""} ${index <= player.index.value ? "past" : ""}`}
          x1={index}
          x2={index}
          y1={troubled.value.has(round) ? 0 : 4}
          y2="10"
        />
      ))}
    </svg>
  );
}
