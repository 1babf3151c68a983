import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Fields, fields, list } from "@hivewatch/test-support";

/** A package that stands in for one of our emitters, installed in a folder where `hivewatch up` is started. */
export interface EmitterPackage {
  /** What each emitter was made with, in order: what was declared of it, and the environment of the thread. */
  made(): Promise<{ options: Fields; env: Fields }[]>;
  /** What was delivered of a run, in short and in order. */
  delivered(runId: string): Promise<string[]>;
}

/**
 * Installs one. It makes no emitter for the experiment `unknown`.
 *
 * @param name - such as `mlflow`
 * @param write - what its emitters do with a batch; `take(batch)` notes it
 */
export async function installEmitter(
  folder: string,
  name: string,
  write = 'take({ batch }); return { status: "delivered" };',
): Promise<EmitterPackage> {
  const root = join(folder, "node_modules/@hivewatch", `emitter-${name}`);
  const notes = join(folder, `${name}-notes.jsonl`);
  await mkdir(root, { recursive: true });
  const manifest = { name: `@hivewatch/emitter-${name}`, version: "0.0.0", type: "module", exports: "./index.mjs" };
  await writeFile(join(root, "package.json"), JSON.stringify(manifest));
  await writeFile(join(root, "index.mjs"), moduleOf(name, notes, write));
  const noted = async (): Promise<Fields[]> => {
    const text = await readFile(notes, "utf8").catch(() => "");
    return text
      .split("\n")
      .slice(0, -1)
      .map((line) => fields(JSON.parse(line)));
  };
  return {
    async made() {
      const found = (await noted()).filter(({ options }) => options !== undefined);
      return found.map(({ options, env }) => ({ options: fields(options), env: fields(env) }));
    },
    async delivered(runId) {
      const events = (await noted()).flatMap(({ batch }) => list(batch ?? []));
      return events.filter(({ run_id }) => run_id === runId).map(inShort);
    },
  };
}

function inShort({ event_type, round }: Fields): string {
  return round === undefined ? String(event_type) : `${event_type} ${round}`;
}

function moduleOf(name: string, notes: string, write: string): string {
  return `
import { appendFileSync } from "node:fs";

function take(note) {
  appendFileSync(${JSON.stringify(notes)}, JSON.stringify(note) + "\\n");
}

export function ${name}Emitter(options = {}) {
  const { startServer, onDiagnostic, ...declared } = options;
  const { MLFLOW_TRACKING_URI, MLFLOW_TRACKING_TOKEN, MLFLOW_TRACKING_PASSWORD } = process.env;
  take({ options: declared, env: { MLFLOW_TRACKING_URI, MLFLOW_TRACKING_TOKEN, MLFLOW_TRACKING_PASSWORD } });
  onDiagnostic?.("sends to " + (declared.trackingUri ?? "a server of its own: " + startServer));
  if (options.experiment === "unknown") throw new Error("there is no such experiment");
  return {
    name: ${JSON.stringify(name)},
    async write(batch, signal) {
      ${write}
    },
  };
}

export default () => ${name}Emitter({ from: "the bridge" });
`;
}
