import { formatBytes, formatNumber, formatPercent, MISSING } from "../format.ts";
import { fieldLabel, fieldText } from "../ui/field-names.ts";
import { BYTES, PARTICIPATION } from "./client-values.ts";
import { BY_STATUS } from "./scene.ts";

/** What clients are coloured by, in words. */
export function colorLabel(field: string): string {
  if (field === BY_STATUS) return "Status";
  if (field === BYTES) return "Bytes moved";
  if (field === PARTICIPATION) return "Share of rounds taken part in";
  return field === "staleness" ? "Staleness, in rounds" : fieldLabel(field);
}

/** A value that clients are coloured by, in words. */
export function colorText(field: string, value: number | undefined): string {
  if (value === undefined) return MISSING;
  if (field === BYTES) return formatBytes(value);
  if (field === PARTICIPATION) return formatPercent(value);
  return field === "staleness" ? formatNumber(value) : fieldText(field, value);
}
