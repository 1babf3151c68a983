/** Bytes of something, the last one included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

const RANGE = /^bytes=(\d*)-(\d*)$/;

/**
 * Reads a `Range` header.
 *
 * @returns `all` if there is none, or one that may be passed over: of another unit, of several ranges, or none at all;
 *   `none` if it asks for nothing that is there
 */
export function readRange(header: string | undefined, size: number): ByteRange | "all" | "none" {
  const match = RANGE.exec(header?.trim() ?? "");
  const [, from = "", to = ""] = match ?? [];
  if (from === "" && to === "") return "all";
  if (from === "") {
    const length = Math.min(Number(to), size);
    return length === 0 ? "none" : { first: size - length, last: size - 1 };
  }
  const first = Number(from);
  const last = to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== "" && Number(to) < first) return "all";
  return first >= size ? "none" : { first, last };
}
