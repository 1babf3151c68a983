import type { HookEmitter } from "./emitter.ts";

export interface ConsoleEmitterOptions {
  /** Where lines go. Default `console.log`. */
  print?: ((line: string) => void) | undefined;
}

/** An emitter that prints the course of a run: a line for each round, dropout and failure, none for each client. */
export function consoleEmitter({ print = console.log }: ConsoleEmitterOptions = {}): HookEmitter {
  return {
    name: "console",
    specVersion: 1,
    onInit: (event) => print(`run ${event.run_id} started: ${event.algorithm}`),
    onRound: (summary) => print(roundLine(summary)),
    onDropout: (event) =>
      print(
        `round ${event.round}: ${event.clients.map((client) => client.client_id).join(", ")} dropped out: ${event.reason}`,
      ),
    onCommFailure: (event) => print(`round ${event.round}: ${event.client_id} failed: ${event.reason}`),
    onCheckpoint: (event) => print(`round ${event.round}: checkpoint ${event.path}`),
    onFinished: (event) =>
      print(
        `run ${event.run_id} ${event.status ?? "completed"}${event.reason === undefined ? "" : `: ${event.reason}`}`,
      ),
  };
}

function roundLine(summary: Parameters<NonNullable<HookEmitter["onRound"]>>[0]): string {
  const parts = [`round ${summary.round}: ${summary.num_completed} of ${summary.num_selected} clients`];
  const accuracy = summary.global_accuracy ?? summary.clients_accuracy;
  const loss = summary.global_loss ?? summary.clients_loss;
  if (typeof accuracy === "number") parts.push(`accuracy ${accuracy.toFixed(4)}`);
  if (typeof loss === "number") parts.push(`loss ${loss.toFixed(4)}`);
  if (typeof summary.round_duration_sec === "number") parts.push(`${summary.round_duration_sec.toFixed(1)} s`);
  return parts.join(", ");
}
