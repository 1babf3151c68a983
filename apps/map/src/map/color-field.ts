import { formatBytes, formatNumber, formatPercent, MISSING } from "../format.ts";
import { fieldLabel, fieldText } from "../ui/field-names.ts";
import { BYTES, ROUND_SHARE } from "./client-values.ts";
import { BY_STATUS } from "./scene.ts";

/** What clients are coloured by, in words. */
export function colorLabel(field: string): string {
  if (field === BY_STATUS) return "Status";
  if (field === BYTES) return "Bytes moved";
  if (field === ROUND_SHARE) return "Share of rounds taken part in";
  return field === "staleness" ? "Staleness, in rounds" : fieldLabel(field);
}

/** A value that clients are coloured by, in words. */
export function colorText(field: string, value: number | undefined): string {
  if (value === undefined) return MISSING;
  if (field === BYTES) return formatBytes(value);
  if (field === ROUND_SHARE) return formatPercent(value);
  return field === "staleness" ? formatNumber(value) : fieldText(field, value);
}
