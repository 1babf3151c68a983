import { plural } from "../format.ts";
import { SPEEDS } from "../replay/replay-clock.ts";
import { useSession } from "../session.ts";
import { BackIcon, ForwardIcon, PauseIcon, PlayIcon } from "./icons.tsx";
import { RoundTicks } from "./round-ticks.tsx";

/** Moves through the rounds of the run. */
export function ReplayBar() {
  const { snapshot, player } = useSession();
  const { rounds, state } = snapshot.value.model;
  const moving = player.moving.value;
  const index = player.index.value;
  const running = state.status === "running";
  const behind = player.following.value ? 0 : rounds.length - 1 - index;
  return (
    <section class="replay-bar" aria-label="Replay">
      <div class="replay-buttons">
        <button
          type="button"
          class="icon-button"
          aria-label="Previous round"
          title="Previous round (←)"
          onClick={() => player.step(-1)}
        >
          <BackIcon />
        </button>
        <button
          type="button"
          class="icon-button play"
          aria-label={moving ? "Pause" : "Play"}
          title={`${moving ? "Pause" : "Play"} (Space)`}
          data-testid="play"
          onClick={() => player.toggle()}
        >
          {moving ? <PauseIcon /> : <PlayIcon />}
        </button>
        <button
          type="button"
          class="icon-button"
          aria-label="Next round"
          title="Next round (→)"
          onClick={() => player.step(1)}
        >
          <ForwardIcon />
        </button>
      </div>
      <div class="scrubber">
        <RoundTicks />
        <input
          type="range"
          data-testid="scrubber"
          aria-label="Round"
          aria-valuetext={`round ${player.round.value ?? "none"}`}
          min={0}
          max={Math.max(0, rounds.length - 1)}
          step={1}
          value={index}
          disabled={rounds.length < 2}
          onInput={({ currentTarget }) => {
            const round = rounds[currentTarget.valueAsNumber];
            if (round !== undefined) player.seek(round);
          }}
        />
      </div>
      <span class="replay-position">
        Round {player.round.value ?? "–"}
        <small> of {rounds.at(-1) ?? "–"}</small>
      </span>
      <select
        class="speed"
        aria-label="Replay speed, in rounds a second"
        title="Replay speed"
        value={player.speed.value}
        onChange={({ currentTarget }) => {
          player.speed.value = Number(currentTarget.value);
        }}
      >
        {SPEEDS.map((speed) => (
          <option key={speed} value={speed}>
            {speed}×
          </option>
        ))}
      </select>
      {running && rounds.length > 0 && (
        <button
          type="button"
          class={`live-button ${player.following.value ? "on" : ""}`}
          data-testid="jump-to-live"
          aria-pressed={player.following.value}
          title="Follow the newest round (L)"
          onClick={() => player.follow()}
        >
          <span class="dot" aria-hidden="true" />
          {player.following.value ? "Live" : `${behindText(behind)} – jump to live`}
        </button>
      )}
    </section>
  );
}

function behindText(rounds: number): string {
  return rounds === 0 ? "Paused" : `Behind live: ${plural(rounds, "round")}`;
}
