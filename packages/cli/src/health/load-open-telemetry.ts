import { errorMessage, HiveWatchError } from "@hivewatch/core";

type OpenTelemetry = {
  readonly api: typeof import("@opentelemetry/api");
  readonly sdk: typeof import("@opentelemetry/sdk-node");
};

/**
 * Loads OpenTelemetry's API and SDK, which come with HiveWatch only if they are installed beside it.
 *
 * @throws HiveWatchError `usage`: what to install
 */
export async function loadOpenTelemetry(): Promise<OpenTelemetry> {
  try {
    const [api, sdk] = await Promise.all([import("@opentelemetry/api"), import("@opentelemetry/sdk-node")]);
    return { api, sdk };
  } catch (cause) {
    const message = `the OTEL_ variables ask for OpenTelemetry, which ${whyNot(cause)}: npm install ${packagesFor(process.versions.node)}, or set OTEL_METRICS_EXPORTER=none`;
    throw new HiveWatchError("usage", message, { cause });
  }
}

/** The SDK's newest line needs Node 22.15; the one before it needs the API before the newest. */
export function packagesFor(nodeVersion: string): string {
  const [major = 0, minor = 0] = nodeVersion.split(".").map(Number);
  const isNew = major > 22 || (major === 22 && minor >= 15);
  return isNew ? "@opentelemetry/api @opentelemetry/sdk-node" : "@opentelemetry/api@1.9 @opentelemetry/sdk-node@0.223";
}

function whyNot(cause: unknown): string {
  const isMissing = cause instanceof Error && "code" in cause && cause.code === "ERR_MODULE_NOT_FOUND";
  return isMissing ? "is not installed" : `can't be loaded (${errorMessage(cause).split("\n")[0]})`;
}
