import { readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { cpus, freemem, totalmem } from "node:os";
import type { Figure } from "./figures.ts";
import { keyOf } from "./names.ts";
import type { Point } from "./translate.ts";

/** What this machine does, sampled while a run goes on. */
export interface Sampler {
  /** Starts it, if it doesn't run yet. @param startTime - of the run, in ms since 1970, by whatever clock */
  start(startTime: number): void;
  /** What was sampled since the last time, the oldest first. @param most - how many values; the others stay */
  take(most?: number): Point[];
  /** Keeps values that could not be sent. */
  giveBack(points: readonly Point[]): void;
  stop(): void;
}

const MB = 1e6;
/** A day's, at MLflow's own interval. More are not kept while MLflow is away. */
const MAX_POINTS = 100_000;

/**
 * @param intervalSec - as MLflow's own clients do it, every 10 s
 * @param onSample - called when there is something to take
 */
export function createSampler(intervalSec: number, onSample: () => void): Sampler {
  const points: Point[] = [];
  let timer: NodeJS.Timeout | undefined;
  let before = cpuTimes();
  let network: Traffic | undefined;
  let firstStart = Number.POSITIVE_INFINITY;

  async function sample(startTime: number): Promise<void> {
    const timestamp = Date.now();
    // So that steps grow on after a restart.
    const step = Math.max(Math.floor((timestamp - startTime) / (1000 * intervalSec)), 0);
    const now = cpuTimes();
    const figures = [cpuFigure(before, now), ...memoryFigures(), ...networkFigures(network), ...(await diskFigures())];
    before = now;
    if (points.length > MAX_POINTS) return;
    for (const [name, value] of figures) points.push({ key: keyOf("system", name), value, timestamp, step });
    if (timer !== undefined) onSample();
  }

  return {
    start(startTime) {
      if (timer !== undefined) return;
      before = cpuTimes();
      network ??= trafficNow();
      // Where the run's clock is ahead of ours, it has not begun yet by ours.
      firstStart = Math.min(firstStart, startTime, Date.now());
      timer = setInterval(() => void sample(firstStart), 1000 * intervalSec);
      timer.unref();
    },
    take: (most = points.length) => points.splice(0, most),
    giveBack: (taken) => void points.unshift(...taken),
    stop() {
      clearInterval(timer);
      timer = undefined;
    },
  };
}

interface CpuTimes {
  readonly busy: number;
  readonly all: number;
}

function cpuTimes(): CpuTimes {
  let [busy, all] = [0, 0];
  for (const { times } of cpus()) {
    const working = times.user + times.nice + times.sys + times.irq;
    busy += working;
    all += working + times.idle;
  }
  return { busy, all };
}

function cpuFigure(before: CpuTimes, now: CpuTimes): Figure {
  const share = (now.busy - before.busy) / Math.max(now.all - before.all, 1);
  return ["cpu_utilization_percentage", 100 * share];
}

function memoryFigures(): Figure[] {
  const used = totalmem() - freemem();
  return [
    ["system_memory_usage_megabytes", used / MB],
    ["system_memory_usage_percentage", (100 * used) / totalmem()],
  ];
}

/** Of all interfaces but the loopback, in bytes. */
interface Traffic {
  readonly received: number;
  readonly sent: number;
}

/** Since the machine's start. Linux alone tells. */
function trafficNow(): Traffic | undefined {
  try {
    const rows = readFileSync("/proc/net/dev", "utf8").split("\n").slice(2);
    let [received, sent] = [0, 0];
    for (const row of rows) {
      const [name = "", ...numbers] = row.trim().split(/[\s:]+/);
      if (name === "" || name === "lo") continue;
      received += Number(numbers[0]);
      sent += Number(numbers[8]);
    }
    return { received, sent };
  } catch {
    return undefined;
  }
}

/** Since sampling began, as MLflow's own clients count it. */
function networkFigures(before: Traffic | undefined): Figure[] {
  const now = trafficNow();
  if (now === undefined || before === undefined) return [];
  return [
    ["network_receive_megabytes", (now.received - before.received) / MB],
    ["network_transmit_megabytes", (now.sent - before.sent) / MB],
  ];
}

async function diskFigures(): Promise<Figure[]> {
  try {
    const { blocks, bavail, bsize } = await statfs(process.cwd());
    const used = (blocks - bavail) * bsize;
    return [
      ["disk_usage_percentage", (100 * used) / (blocks * bsize)],
      ["disk_usage_megabytes", used / MB],
      ["disk_available_megabytes", (bavail * bsize) / MB],
    ];
  } catch {
    return [];
  }
}
