import { addressesOf, inRepository, type Program, startProgram, temporaryFolder } from "@hivewatch/test-support";
import type { TestContext } from "vitest";

/** A `hivewatch up` on a network of its own that has loopback and nothing else. */
export interface LoopbackOnly {
  /** Address of its ingest, for programs on that network. */
  readonly grpc: string;
  readonly runsDir: string;
  /** Starts another program there. */
  start(command: string, args: readonly string[], env: Readonly<Record<string, string>>): Program;
  /** Ends it as Ctrl-C does: then its files are complete. */
  stop(): Promise<void>;
}

/** Starts it, or the test is skipped: this takes Linux and, mostly, root. */
export async function needLoopbackOnly(context: TestContext): Promise<LoopbackOnly> {
  const script = 'ip link set lo up && echo "the network is there" && exec sleep infinity';
  const holder = startProgram("unshare", ["--net", "sh", "-c", script]);
  await holder.printed(/the network is there/).catch(() => context.skip("this user may not make a network of its own"));
  const start: LoopbackOnly["start"] = (command, args, env) =>
    startProgram("nsenter", [`--net=/proc/${holder.pid}/ns/net`, command, ...args], { env });

  const runsDir = await temporaryFolder();
  const up = ["up", "--json", "--port", "0", "--grpc-port", "0", "--runs-dir", runsDir];
  const hivewatch = start(process.execPath, [inRepository("packages/cli/dist/main.js"), ...up], {});
  const { grpc } = await addressesOf(hivewatch);
  return {
    grpc,
    runsDir,
    start,
    async stop() {
      hivewatch.signal("SIGINT");
      await hivewatch.exited;
    },
  };
}
