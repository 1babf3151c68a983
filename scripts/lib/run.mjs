import { spawn } from "node:child_process";
import path from "node:path";

/** The folder of the whole repository. */
export const root = path.resolve(import.meta.dirname, "../..");

// For every program that the scripts start: no telemetry, and no question to a keyboard that may not be there.
process.env.TURBO_TELEMETRY_DISABLED = "1";
process.env.TURBO_NO_UPDATE_NOTIFIER = "1";
process.env.COREPACK_ENABLE_DOWNLOAD_PROMPT = "0";

/**
 * Runs a program to its end. Never rejects: that a program can't be started is a failure like another.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, live?: boolean }} [options] `env` is added to this process's own;
 *   `live` shows the output at once instead of keeping it
 * @returns {Promise<{ ok: boolean, output: string, stdout: string }>} `output` is stdout and stderr as they came
 */
export function run(command, args, { cwd = root, env = {}, live = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: live ? ["ignore", "inherit", "inherit"] : ["ignore", "pipe", "pipe"],
      // pnpm and npm are .cmd files on Windows, which only a shell starts.
      shell: process.platform === "win32",
    });
    let output = "";
    let stdout = "";
    child.stdout?.setEncoding("utf8").on("data", (text) => {
      output += text;
      stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
    child.on("error", (error) => resolve({ ok: false, output: `${command}: ${error.message}`, stdout }));
    child.on("close", (code, signal) => {
      if (signal) output += `\n${command} was ended by ${signal}`;
      resolve({ ok: code === 0, output, stdout });
    });
  });
}

/** @param {number} start as of `performance.now()` */
export function secondsSince(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

/**
 * Runs tasks two at a time, in the order given: the smallest machines that this is run on have two cores.
 *
 * @template T
 * @param {(() => Promise<T>)[]} tasks
 * @returns {Promise<T[]>} the results, in the tasks' order
 */
export async function twoAtATime(tasks) {
  const { work, results } = sharedOut(tasks);
  await Promise.all([work(), work()]);
  return results;
}

/**
 * Tasks for workers of which each takes the next one, in the order given.
 *
 * @template T
 * @param {(() => Promise<T>)[]} tasks
 * @returns {{ work: () => Promise<void>, results: T[] }} `work` is a worker, until no task is left to begin; `results` has
 *   those of the tasks that have ended, in the tasks' order
 */
export function sharedOut(tasks) {
  const results = new Array(tasks.length);
  let next = 0;
  const work = async () => {
    while (next < tasks.length) {
      const index = next++;
      results[index] = await tasks[index]();
    }
  };
  return { work, results };
}
