import { type DiagLogFunction, DiagLogLevel, diag } from "@opentelemetry/api";

let hasListener = false;

/**
 * Tells of what OpenTelemetry's own parts would only log, such as a variable that they can't read. For a process or thread
 * that is HiveWatch's own, since there is one listener for all.
 */
export function listenToDiagnostics(say: (message: string) => void): void {
  if (hasListener) return;
  hasListener = true;
  const said = new Set<string>();
  const tell: DiagLogFunction = (message, ...args) => {
    const text = [message, ...args.filter((arg) => typeof arg === "string")].join(" ");
    if (said.size > MAX_SAID || said.has(text)) return;
    said.add(text);
    say(text);
  };
  const ignore: DiagLogFunction = () => {};
  diag.setLogger(
    { error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}

/** Each is told once; so many different ones are noise. */
const MAX_SAID = 100;
