import { existsSync, readdirSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { afterwards, freePort, runProgram, startProgram, temporaryFolder, until } from "@hivewatch/test-support";
import type { TestContext } from "vitest";

/** Replaces itself with the program, which so gets the signals. */
const AS_POSTGRES = ["--reuid=postgres", "--regid=postgres", "--clear-groups"];
const DEBIAN = "/usr/lib/postgresql";

/** Starts a PostgreSQL of its own, or the test is skipped. @returns `host:port/database`, for its user `postgres` */
export async function startPostgres(context: TestContext): Promise<string> {
  const [version] = existsSync(DEBIAN) ? readdirSync(DEBIAN) : [];
  if (version === undefined || process.getuid?.() !== 0) return context.skip("no PostgreSQL of Debian, or not root");
  const bin = (name: string): string => join(DEBIAN, version, "bin", name);
  const folder = await temporaryFolder();
  const data = join(folder, "data");
  const port = String(await freePort());
  // It refuses to be run by root.
  await chmod(folder, 0o777);
  const asUser = (command: string, ...args: string[]): string[] => [...AS_POSTGRES, command, ...args];
  await runProgram("setpriv", asUser(bin("initdb"), "-D", data, "-A", "trust", "--no-sync"), { cwd: folder });
  const args = ["-D", data, "-p", port, "-k", folder, "-h", "127.0.0.1", "-F"];
  const server = startProgram("setpriv", asUser(bin("postgres"), ...args), { cwd: folder });
  afterwards(async () => {
    server.signal("SIGINT");
    await server.exited;
  });
  const ready = ["-h", "127.0.0.1", "-p", port];
  await until("PostgreSQL", () => runProgram(bin("pg_isready"), ready).catch(() => undefined));
  return `127.0.0.1:${port}/postgres`;
}
