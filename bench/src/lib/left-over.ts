import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const children = new Set<ChildProcess>();
const folders = new Set<string>();

/** Remembers a process, which is ended with the bench if it still runs. */
export function remember(child: ChildProcess): void {
  children.add(child);
  child.on("exit", () => children.delete(child));
}

/** Makes an empty folder, which is gone after the bench. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "hivewatch-bench-"));
  folders.add(folder);
  return folder;
}

/** Ends the processes and removes the folders that a bench has left. */
export function clearLeftOver(): void {
  for (const child of children) child.kill("SIGKILL");
  for (const folder of folders) remove(folder);
  children.clear();
  folders.clear();
}

function remove(folder: string): void {
  try {
    // A process that was just ended may be in the middle of a write.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  } catch (error) {
    process.stderr.write(`${folder} could not be removed: ${String(error)}\n`);
  }
}

/** Does the same however this program ends. */
export function clearLeftOverAtExit(): void {
  process.on("exit", clearLeftOver);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => process.exit(1));
  }
}
