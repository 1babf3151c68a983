import { resolve } from "node:path";
import type { HiveWatchError } from "@hivewatch/core";
import type { Disk } from "./disk.ts";

// A kernel takes for written what it could not write, once it has said so. So the process that was told must not begin
// anew on the same file, whichever way it comes to open it again.
const failures = new WeakMap<Disk, Map<string, HiveWatchError>>();

/** Remembers, until this process ends, why a log can't be written any more. */
export function rememberFailure(disk: Disk, dir: string, error: HiveWatchError): void {
  const ofDisk = failures.get(disk) ?? new Map<string, HiveWatchError>();
  failures.set(disk, ofDisk);
  ofDisk.set(resolve(dir), error);
}

/** What {@link rememberFailure} was told of a log. */
export function failureOf(disk: Disk, dir: string): HiveWatchError | undefined {
  return failures.get(disk)?.get(resolve(dir));
}
