import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import os from "node:os";
import { findPython } from "./lib/pythons.ts";

/** What the figures were measured on, without anything that names one machine. */
export function describeMachine(): string {
  const cpus = os.cpus();
  const memory = Math.round(os.totalmem() / 2 ** 30);
  return [
    `${cpus[0]?.model.trim() ?? "unknown CPU"}, ${cpus.length} cores`,
    `${memory} GiB of memory`,
    systemName(),
    `Node ${process.versions.node}`,
    pythonVersion(),
  ].join("; ");
}

function systemName(): string {
  try {
    const release = readFileSync("/etc/os-release", "utf8");
    return /^PRETTY_NAME="(.*)"$/m.exec(release)?.[1] ?? os.type();
  } catch {
    return `${os.type()} ${os.release()}`;
  }
}

function pythonVersion(): string {
  try {
    return execFileSync(findPython(), ["--version"], { encoding: "utf8" }).trim();
  } catch {
    return "no Python";
  }
}
