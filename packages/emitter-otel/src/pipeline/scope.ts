/** The instrumentation scope of all that this package makes. */
export const SCOPE = { name: "@hivewatch/emitter-otel" } as const;
