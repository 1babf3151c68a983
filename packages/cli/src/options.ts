import { isIP } from "node:net";
import { HiveWatchError } from "@hivewatch/core";
import { InvalidArgumentError, Option } from "commander";

/** `--runs-dir`, the same in every command. */
export function runsDirOption(): Option {
  return new Option("--runs-dir <folder>", "where runs are kept").env("HIVEWATCH_RUNS_DIR").default("runs");
}

/** `--host` and what goes with it. */
export function hostOption(): Option {
  return new Option("--host <address>", "address to listen on; other than this machine's own needs --insecure").default(
    "127.0.0.1",
  );
}

export function insecureOption(): Option {
  return new Option(
    "--insecure",
    "listen on other addresses, although whoever reaches them can read all and write events",
  );
}

export function allowHostOption(): Option {
  return new Option(
    "--allow-host <name>",
    "a further name under which browsers may open the page, such as that of a proxy; repeatable",
  )
    .argParser((name: string, names: string[]) => [...names, name])
    .default([], "none");
}

export function allowEmbedOption(): Option {
  return new Option(
    "--allow-embed <origin>",
    "a site whose pages may show the page in a frame, such as https://wiki.example; repeatable",
  )
    .argParser((text: string, origins: string[]) => [...origins, originOf(text)])
    .default([], "none");
}

function originOf(text: string): string {
  // It becomes a part of a policy, in which other signs mean something.
  if (/^https?:\/\/([\w.-]+|\[[\da-f:]+\])(:\d+)?\/?$/i.test(text) && URL.canParse(text)) return new URL(text).origin;
  throw new InvalidArgumentError("It must be an origin: scheme, name and port, such as https://wiki.example:8443.");
}

/** Reads a whole number within bounds. */
export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isSafeInteger(value) && value >= least && value <= most) return value;
    const bounds = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`It must be a whole number ${bounds}.`);
  };
}

/** Reads a number of seconds. */
export function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("It must be a number of seconds above 0.");
}

export const portNumber: (text: string) => number = wholeNumber(0, 65_535);

/**
 * Refuses an address that others can reach, unless that was asked for.
 *
 * @param warn - told what it means that it was
 * @throws HiveWatchError `usage`
 */
export function checkHost(host: string, insecure: boolean | undefined, warn: (message: string) => void): void {
  if (isLoopback(host)) return;
  if (insecure === true) {
    warn(`Listening on ${host}: whoever reaches this address can read all runs and send events, unencrypted.`);
    return;
  }
  throw new HiveWatchError(
    "usage",
    `--host ${host} lets other machines in, without encryption or a password. If your network is safe enough, add --insecure`,
  );
}

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
