import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** A path inside this repository. */
export function inRepository(...parts: string[]): string {
  return join(ROOT, ...parts);
}
