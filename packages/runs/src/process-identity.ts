import { readFile, readlink } from "node:fs/promises";
import { hostname } from "node:os";

/** What tells a process from every other, also from a later one with its number. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** The machine's run since it was switched on; "" where that can't be told. */
  readonly boot: string;
  /** The set of processes in which its number holds: a container has its own. */
  readonly namespace: string;
  /** When it was started, in ticks since the boot. */
  readonly started: string;
}

/** This process, and what has become of others. */
export interface Processes {
  self(): Promise<ProcessIdentity>;
  /** `unknown` of one on another machine, or in another container. */
  fateOf(process: ProcessIdentity): Promise<"dead" | "alive" | "unknown">;
}

/** The processes of this machine. */
export const localProcesses: Processes = {
  async self() {
    const [boot, namespace, status] = await Promise.all([bootId(), pidNamespace(), statusOf(process.pid)]);
    return { pid: process.pid, host: hostname(), boot, namespace, started: status?.started ?? "" };
  },
  async fateOf({ pid, boot, namespace, host, started }) {
    const isHere =
      boot === (await bootId()) && namespace === (await pidNamespace()) && (boot !== "" || host === hostname());
    if (!isHere) return "unknown";
    if (!isRunning(pid)) return "dead";
    if (started === "") return "unknown"; // it may be another one with its number
    const status = await statusOf(pid);
    if (status === undefined) return isRunning(pid) ? "alive" : "dead"; // hidden from us, or gone just now
    return status.started === started && !status.isGone ? "alive" : "dead";
  },
};

function bootId(): Promise<string> {
  return readFile("/proc/sys/kernel/random/boot_id", "utf8").then(
    (text) => text.trim(),
    () => "",
  );
}

function pidNamespace(): Promise<string> {
  return readlink("/proc/self/ns/pid").catch(() => "");
}

/** From /proc/<pid>/stat, whose second field is a name in brackets that may hold anything. */
async function statusOf(pid: number): Promise<{ started: string; isGone: boolean } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  if (fields === undefined) return undefined;
  // Fields 3 and 22. One that was killed keeps its entry until its parent has looked at it.
  return { started: fields[19] ?? "", isGone: fields[0] === "Z" || fields[0] === "X" };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
