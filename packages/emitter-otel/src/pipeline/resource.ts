import type { Attributes } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";

type Sdk = typeof import("@opentelemetry/resources");

/** What is known of a run when it begins. */
export interface RunFacts {
  readonly runId: string;
  /** Undefined: nobody has said. */
  readonly strategy: string | undefined;
  readonly framework: string | undefined;
}

/**
 * The resource of a run: itself, as an instance of the service that the environment names, or `hivewatch`.
 *
 * @param given - by the options, which go before the environment
 */
export function resourceOf(sdk: Sdk, { runId, strategy, framework }: RunFacts, given: Attributes): Resource {
  const environment = sdk.detectResources({ detectors: [sdk.envDetector] });
  const run = {
    "hivewatch.run.id": runId,
    ...(strategy !== undefined && { "hivewatch.strategy": strategy }),
    ...(framework !== undefined && { "hivewatch.framework": framework }),
  };
  return sdk
    .defaultResource()
    .merge(sdk.resourceFromAttributes({ "service.name": "hivewatch", "service.instance.id": runId }))
    .merge(environment)
    .merge(sdk.resourceFromAttributes({ ...given, ...run }));
}
