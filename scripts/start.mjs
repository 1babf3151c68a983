// `npm start`: from a fresh checkout to a running HiveWatch with its demo. Further arguments go to `hivewatch up`:
// npm start -- --port 8080
import "./lib/node-version.mjs";
import { spawn } from "node:child_process";
import { installPackages } from "./lib/pnpm.mjs";
import { root, run, secondsSince } from "./lib/run.mjs";

await step("Installing packages", installPackages);
await step("Building", () => run("pnpm", ["build"]));
serve(process.argv.slice(2));

/**
 * @param {string} title
 * @param {() => Promise<{ ok: boolean, output: string }>} work
 */
async function step(title, work) {
  const start = performance.now();
  process.stdout.write(`${title} … `);
  const { ok, output } = await work();
  process.stdout.write(`${ok ? secondsSince(start) : "failed"}\n`);
  if (!ok) {
    console.error(output);
    process.exit(1);
  }
}

/** @param {string[]} args */
function serve(args) {
  const child = spawn(process.execPath, ["packages/cli/dist/main.js", "up", "--demo", ...args], {
    cwd: root,
    stdio: "inherit",
    // Its own process group: on Ctrl-C the terminal signals the whole group, and npm then signals its child once more.
    // HiveWatch would see up to three, and take the second for impatience. So it sees only what is passed on below.
    detached: process.platform !== "win32",
  });

  let stoppedAt = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      if (stoppedAt === 0) {
        stoppedAt = performance.now();
        child.kill(signal === "SIGHUP" ? "SIGTERM" : signal);
      } else if (performance.now() - stoppedAt > 1000) {
        child.kill("SIGKILL");
      }
    });
  }

  child.on("error", (error) => {
    console.error(`HiveWatch could not be started: ${error.message}`);
    process.exit(1);
  });
  child.on("close", (code) => process.exit(code ?? 1));
}
