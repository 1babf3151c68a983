import { setTimeout as sleep } from "node:timers/promises";
import { afterwards } from "../afterwards.ts";
import type { Exit, Program } from "../program.ts";
import { startProgram } from "../program.ts";

/** A receiver that runs. */
export interface ReceiverProgram {
  readonly program: Program;
  /** Ends it in order: what it has taken is in its store. */
  stop(): Promise<Exit>;
  /** Ends it at once: what it has taken and not yet stored is lost. */
  kill(): Promise<Exit>;
}

const ASK_AGAIN_MS = 50;

/**
 * Starts a receiver, and waits until it answers.
 *
 * @param isUp - asks it
 * @param env - beside that of this process
 */
export async function startReceiver(
  command: string,
  args: readonly string[],
  isUp: () => Promise<boolean>,
  env: Readonly<Record<string, string>> = {},
): Promise<ReceiverProgram> {
  const program = startProgram(command, args, { env });
  function end(signal: NodeJS.Signals): Promise<Exit> {
    program.signal(signal);
    return program.exited;
  }
  afterwards(() => end("SIGKILL"));
  const ended = program.exited.then(() => true);
  while (!(await isUp())) {
    const hasEnded = await Promise.race([ended, sleep(ASK_AGAIN_MS, false)]);
    if (hasEnded) throw new Error(`${command} has ended:\n${program.stdout()}\n${program.stderr()}`);
  }
  return { program, stop: () => end("SIGTERM"), kill: () => end("SIGKILL") };
}

/** Whether an address answers a request in the way that says that all is well. */
export async function answers(url: string, init?: RequestInit): Promise<boolean> {
  return fetch(url, { headers: { connection: "close" }, ...init }).then(
    ({ ok }) => ok,
    () => false,
  );
}
