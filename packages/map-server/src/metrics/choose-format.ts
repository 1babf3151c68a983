import type { MetricsFormat } from "./metrics-text.ts";

const OPEN_METRICS = "application/openmetrics-text";
const OPEN_METRICS_VERSION = "1.0.0";

/** Which form to answer in. @param accept - the request's `Accept` */
export function chooseFormat(accept: string): MetricsFormat {
  const ranges = accept.split(",").map(parseRange);
  const best = (isMeant: (range: MediaRange) => boolean): number =>
    Math.max(0, ...ranges.filter(isMeant).map(({ quality }) => quality));
  const open = best(
    ({ type, version }) => type === OPEN_METRICS && (version ?? OPEN_METRICS_VERSION) === OPEN_METRICS_VERSION,
  );
  const plain = best(({ type }) => type === "text/plain" || type === "text/*" || type === "*/*");
  return open > 0 && open >= plain ? "openmetrics" : "prometheus";
}

interface MediaRange {
  readonly type: string;
  readonly version: string | undefined;
  readonly quality: number;
}

function parseRange(text: string): MediaRange {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const parameter = (name: string): string | undefined =>
    parameters.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
  const quality = Number(parameter("q") ?? 1);
  return { type, version: parameter("version"), quality: Number.isFinite(quality) ? quality : 0 };
}
