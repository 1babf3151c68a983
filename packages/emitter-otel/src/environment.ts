export type Environment = Readonly<Record<string, string | undefined>>;

/** A variable that is set to nothing counts as not set, as OpenTelemetry has it. */
export function textOf(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === "" ? undefined : text.trim();
}

/** A number that isn't one counts as not set, likewise. */
export function numberOf(text: string | undefined): number | undefined {
  const value = Number(textOf(text) ?? Number.NaN);
  return Number.isFinite(value) ? value : undefined;
}

/** As {@link numberOf}, of what must be more than 0: what isn't counts as not set, as OpenTelemetry's own set-up has it. */
export function positiveOf(text: string | undefined): number | undefined {
  const value = numberOf(text);
  return value === undefined || value <= 0 ? undefined : value;
}

export function isTrue(text: string | undefined): boolean {
  return textOf(text)?.toLowerCase() === "true";
}
