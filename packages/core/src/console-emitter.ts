import type { HookEmitter } from "./emitter.ts";
import type { ClientMetrics } from "./events.ts";
import type { RoundSummary } from "./round-summary.ts";

export interface ConsoleEmitterOptions {
  /** Where lines go. Default `console.log`. */
  print?: ((line: string) => void) | undefined;
}

/** An emitter that prints the course of a run: a line for each round, dropout and failure, none for each client. */
export function consoleEmitter({ print = console.log }: ConsoleEmitterOptions = {}): HookEmitter {
  const line = (text: string): void => print(printable(text));
  return {
    name: "console",
    specVersion: 1,
    onInit: (event) => line(`run ${event.run_id} started: ${event.algorithm}`),
    onRound: (summary) => line(roundLine(summary)),
    onDropout: (event) => line(`round ${event.round}: ${idsOf(event.clients)} dropped out: ${event.reason}`),
    onCommFailure: (event) => line(`round ${event.round}: ${event.client_id} failed: ${event.reason}`),
    onCheckpoint: (event) => line(`round ${event.round}: checkpoint ${event.path}`),
    onFinished: (event) =>
      line(
        `run ${event.run_id} ${event.status ?? "completed"}${event.reason === undefined ? "" : `: ${event.reason}`}`,
      ),
  };
}

/** Clients choose what they are called and why they failed; that must not move the cursor or add a line. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
}

function idsOf(clients: readonly ClientMetrics[]): string {
  return clients.map((client) => client.client_id).join(", ");
}

function roundLine(summary: RoundSummary): string {
  const { round, num_completed: completed, num_selected: selected, round_duration_sec: seconds } = summary;
  const accuracy = summary.global_accuracy ?? summary.clients_accuracy;
  const loss = summary.global_loss ?? summary.clients_loss;
  const parts: string[] = [];
  if (typeof completed === "number" && typeof selected === "number") parts.push(`${completed} of ${selected} clients`);
  if (typeof accuracy === "number") parts.push(`accuracy ${accuracy.toFixed(4)}`);
  if (typeof loss === "number") parts.push(`loss ${loss.toFixed(4)}`);
  if (typeof seconds === "number") parts.push(`${seconds.toFixed(1)} s`);
  return `round ${round}: ${parts.length === 0 ? "ended" : parts.join(", ")}`;
}
