import { HiveWatchError } from "@hivewatch/core";

/** What an exporter calls back with. */
export interface ExportResult {
  /** 0: it was sent. */
  readonly code: number;
  readonly error?: unknown;
}

/** An exporter of OpenTelemetry's, of any signal. */
export interface Exporter<T> {
  export(items: T, onResult: (result: ExportResult) => void): unknown;
  shutdown(): Promise<void>;
}

/** The first Node on which the SDK's newest line runs. */
const NODE_OF_LINE_3: readonly [major: number, minor: number] = [22, 15];

/**
 * Loads parts of OpenTelemetry, which are installed only where they are used.
 *
 * @throws HiveWatchError `usage` if one isn't: what to install
 */
export async function loadPart<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const [, missing] = /Cannot find (?:package|module) '([^']+)'/.exec(String(cause)) ?? [];
    if (missing === undefined) throw cause;
    throw new HiveWatchError("usage", `the emitter otel needs ${missing}: ${installCommand(process.versions.node)}`, {
      cause,
    });
  }
}

/** @param node - the version of Node */
export function installCommand(node: string): string {
  const [major = 0, minor = 0] = node.split(".").map(Number);
  const [ofMajor, ofMinor] = NODE_OF_LINE_3;
  const isNew = major > ofMajor || (major === ofMajor && minor >= ofMinor);
  return isNew
    ? "npm install @opentelemetry/api @opentelemetry/sdk-node"
    : "npm install @opentelemetry/api@1.9 @opentelemetry/sdk-node@0.223";
}
