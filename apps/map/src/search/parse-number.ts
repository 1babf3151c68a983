const UNITS: Readonly<Record<string, number>> = { "%": 0.01, k: 1e3, M: 1e6, G: 1e9, T: 1e12 };

/** A number as people write it: `0.5`, `50%`, `1e-3`, `20k`, `1.5MB`, `NaN`, `-Infinity`. Undefined if it is none. */
export function parseNumber(text: string): number | undefined {
  const named = /^(?:(nan)|([-+]?)(?:infinity|inf|∞))$/i.exec(text);
  if (named !== null) {
    if (named[1] !== undefined) return Number.NaN;
    return named[2] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  const found = /^([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)(?:([%kMGT])?B?)$/.exec(text.replace("−", "-"));
  if (found === null) return undefined;
  return Number(found[1]) * (UNITS[found[2] ?? ""] ?? 1);
}
