import { formatClock, formatDateTime, MISSING, plural } from "../format.ts";
import { PACES, type Pace, possibleSpeed, type ReplaySpeed, SPEEDS } from "../replay/replay-clock.ts";
import { useSession } from "../session.ts";
import { BackIcon, ForwardIcon, LoopIcon, PauseIcon, PlayIcon } from "./icons.tsx";
import { plannedRounds } from "./round-figures.ts";
import { RoundTicks } from "./round-ticks.tsx";

/** Moves through the rounds of the run. */
export function ReplayBar() {
  const { data, player } = useSession();
  const { rounds, status, config } = data.overview.value;
  const last = rounds.numbers.at(-1) ?? MISSING;
  const digits = String(Math.max(Number(last) || 0, plannedRounds(config) ?? 0)).length;
  return (
    <section class="replay-bar" aria-label="Replay" data-testid="replay-bar">
      <ReplayButtons />
      <Scrubber />
      <span class="replay-position" style={`--digits: ${digits}`}>
        <span class="replay-word">Round </span>
        {player.round.value ?? MISSING}
        <small> of {last}</small>
      </span>
      <ReplaySettings />
      {status === "running" && rounds.numbers.length > 0 && <LiveButton />}
    </section>
  );
}

function ReplayButtons() {
  const { player } = useSession();
  const moving = player.moving.value;
  return (
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
  );
}

/** Along the rounds, or along the time at which they ended. */
function Scrubber() {
  const { data, player } = useSession();
  const { x, kind, index } = player.path.value;
  const place = player.place.value;
  const { numbers, startedAt, endedAt } = data.overview.value.rounds;
  const shown = index[place] ?? 0;
  const ended = endedAt[shown] ?? Number.NaN;
  const time = Number.isNaN(ended) ? (startedAt[shown] ?? Number.NaN) : ended;
  const when = Number.isNaN(time) ? "" : `, ${formatDateTime(time)}`;
  return (
    <div class="scrubber">
      <RoundTicks />
      <input
        type="range"
        data-testid="scrubber"
        data-axis={kind}
        aria-label={kind === "time" ? "Time" : "Round"}
        aria-valuetext={`round ${player.round.value ?? "none"}${when}`}
        title={Number.isNaN(time) ? undefined : formatClock(time)}
        min={x[0] ?? 0}
        max={x[x.length - 1] ?? 0}
        step={kind === "time" ? "any" : 1}
        value={x[place] ?? 0}
        disabled={numbers.length < 2}
        onInput={({ currentTarget }) => player.seekX(currentTarget.valueAsNumber)}
        onKeyDown={(event) => {
          const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: 10, PageDown: -10 }[
            event.key
          ];
          if (step === undefined) return;
          event.preventDefault();
          player.step(step);
        }}
      />
    </div>
  );
}

const PACE_LABELS: Readonly<Record<Pace, string>> = { fixed: "Rounds a second", true: "True pace" };

function ReplaySettings() {
  const { state, player } = useSession();
  const hasTimes = player.path.value.times !== undefined;
  const speed = possibleSpeed(state.speed.value, hasTimes);
  return (
    <div class="replay-settings">
      <button
        type="button"
        class="icon-button"
        aria-label="Repeat"
        aria-pressed={state.loop.value}
        title="Repeat (R)"
        data-testid="loop"
        onClick={() => {
          state.loop.value = !state.loop.value;
        }}
      >
        <LoopIcon />
      </button>
      {hasTimes && (
        <select
          class="select"
          aria-label="What the replay goes along"
          title="By round, or by the time at which rounds ended"
          data-testid="axis"
          value={state.axis.value}
          onChange={({ currentTarget }) => {
            state.axis.value = currentTarget.value === "time" ? "time" : "round";
          }}
        >
          <option value="round">by round</option>
          <option value="time">by time</option>
        </select>
      )}
      <select
        class="select speed"
        aria-label="Replay speed"
        title="Replay speed (< and >)"
        data-testid="speed"
        value={`${speed.pace} ${speed.factor}`}
        onChange={({ currentTarget }) => {
          state.speed.value = speedOf(currentTarget.value);
        }}
      >
        {PACES.filter((pace) => pace === "fixed" || hasTimes).map((pace) => (
          <optgroup key={pace} label={PACE_LABELS[pace]}>
            {SPEEDS[pace].map((factor) => (
              <option key={factor} value={`${pace} ${factor}`}>
                {pace === "fixed" ? `${factor} a second` : `${factor}× as it was`}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </div>
  );
}

function speedOf(text: string): ReplaySpeed {
  const [pace, factor] = text.split(" ");
  return { pace: pace === "true" ? "true" : "fixed", factor: Number(factor) };
}

function LiveButton() {
  const { player } = useSession();
  const isFollowing = player.following.value;
  const behind = player.behind.value;
  return (
    <button
      type="button"
      class={`live-button ${isFollowing ? "on" : ""}`}
      data-testid="jump-to-live"
      aria-pressed={isFollowing}
      title="Follow the newest round (L)"
      onClick={() => player.follow()}
    >
      <span class="dot" aria-hidden="true" />
      {isFollowing ? "Live" : `${behind === 0 ? "Paused" : `Behind live: ${plural(behind, "round")}`}, jump`}
    </button>
  );
}
