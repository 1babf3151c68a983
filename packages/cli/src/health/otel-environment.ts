/**
 * The environment in which the OpenTelemetry SDK exports the bridge's health.
 *
 * @param env - that of the process
 * @returns undefined if nobody has asked for it: neither by `OTEL_METRICS_EXPORTER` nor by naming where metrics go, or if
 *   `OTEL_SDK_DISABLED` or the exporter `none` forbids it
 */
export function otelEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv | undefined {
  if (textOf(env.OTEL_SDK_DISABLED).toLowerCase() === "true") return undefined;
  const exporters = textOf(env.OTEL_METRICS_EXPORTER);
  if (exporters.split(",").some((name) => name.trim() === "none")) return undefined;
  const isAsked = [exporters, env.OTEL_EXPORTER_OTLP_ENDPOINT, env.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT].some(
    (value) => textOf(value) !== "",
  );
  if (!isAsked) return undefined;
  return hasServiceName(env) ? env : { ...env, OTEL_SERVICE_NAME: "hivewatch" };
}

function hasServiceName(env: NodeJS.ProcessEnv): boolean {
  return textOf(env.OTEL_SERVICE_NAME) !== "" || /(^|,)\s*service\.name\s*=/.test(textOf(env.OTEL_RESOURCE_ATTRIBUTES));
}

/** An empty variable is one that isn't set. */
function textOf(value: string | undefined): string {
  return value?.trim() ?? "";
}
