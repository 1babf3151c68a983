import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { fields, listen, temporaryFolder } from "@hivewatch/test-support";

/** A module of a user's that is an emitter, and the file to which it appends what it has taken, in JSON lines. */
export interface TestEmitter {
  readonly path: string;
  /** Makes it another one, for the next start. */
  become(write: string): Promise<void>;
  /** What it has taken. */
  taken(): Promise<Record<string, unknown>[]>;
}

/** The bodies of `write(batch, signal)`, good and bad ones. `take` notes a batch. */
export const WRITES = {
  healthy: 'take(batch); return { status: "delivered" };',
  hung: "return new Promise(() => {});",
  spinning: "for (;;);",
  failing: 'throw new Error("broken on purpose");',
  slow: 'await new Promise((resolve) => setTimeout(resolve, 300)); take(batch); return { status: "delivered" };',
} as const;

/** One that talks to something that takes connections and never answers. */
export async function blackHoled(): Promise<string> {
  const port = await listen(createServer((socket) => void socket.on("error", () => undefined)));
  return `await fetch("http://127.0.0.1:${port}", { method: "POST", body: JSON.stringify(batch) }); return { status: "delivered" };`;
}

/** Writes the module of an emitter. Its file's name is that of its cursors. */
export async function writeEmitter(name: string, write: string): Promise<TestEmitter> {
  const folder = await temporaryFolder();
  const path = join(folder, `${name}.mjs`);
  const notes = join(folder, "taken.jsonl");
  const become = (body: string): Promise<void> => writeFile(path, moduleOf(name, notes, body));
  await become(write);
  return {
    path,
    become,
    async taken() {
      const text = await readFile(notes, "utf8").catch(() => "");
      // The last line may be in the middle of being written.
      return text
        .split("\n")
        .slice(0, -1)
        .map((line) => fields(JSON.parse(line)));
    },
  };
}

function moduleOf(name: string, notes: string, write: string): string {
  return `
import { appendFileSync } from "node:fs";

function take(batch) {
  appendFileSync(${JSON.stringify(notes)}, batch.map((event) => JSON.stringify(event) + "\\n").join(""));
}

export default () => ({
  name: ${JSON.stringify(name)},
  async write(batch, signal) {
    ${write}
  },
  finish() {
    take([{ event_type: "emitter_finished" }]);
  },
});
`;
}
