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

export function isTrue(text: string | undefined): boolean {
  return textOf(text)?.toLowerCase() === "true";
}
