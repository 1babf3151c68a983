import { crc32 } from "node:zlib";

/** The polynomial of CRC-32 (IEEE 802.3), the lowest power in the highest bit. */
const POLYNOMIAL = 0xedb88320;
const ONE = 0x80000000;
const X = 0x40000000;

/** A part of some bytes whose CRC-32 is known. */
export interface SummedPart {
  /** A view of the same memory. */
  readonly bytes: Uint8Array;
  readonly crc32: number;
}

/**
 * The CRC-32 of bytes, a part of which was summed before and isn't read again. So it also tells of what may have happened
 * to that part since.
 */
export function crc32Around(bytes: Uint8Array, part: SummedPart): number {
  const start = part.bytes.byteOffset - bytes.byteOffset;
  const end = start + part.bytes.length;
  if (part.bytes.buffer !== bytes.buffer || start < 0 || end > bytes.length) return crc32(bytes);
  const before = crc32(bytes.subarray(0, start));
  return crc32(bytes.subarray(end), crc32Joined(before, part.crc32, part.bytes.length));
}

/**
 * The CRC-32 of two stretches of bytes, one behind the other, from those of each. A CRC is the remainder of a polynomial,
 * so what stands in front counts times x^(8 · length of what stands behind), as in `crc32_combine` of zlib.
 */
export function crc32Joined(first: number, second: number, secondLength: number): number {
  return (product(powerOfX(8 * secondLength), first) ^ second) >>> 0;
}

/** x to the power of 2^i, modulo the polynomial. */
const SQUARES: readonly number[] = squares();

function squares(): number[] {
  const all = [X];
  // As many as an exponent can have bits.
  for (let square = X; all.length < 53; all.push(square)) square = product(square, square);
  return all;
}

function powerOfX(exponent: number): number {
  let power = ONE;
  let rest = exponent;
  for (const square of SQUARES) {
    if (rest === 0) break;
    if (rest % 2 === 1) power = product(square, power);
    rest = Math.floor(rest / 2);
  }
  return power;
}

/** Modulo the polynomial. */
function product(a: number, b: number): number {
  let sum = 0;
  let shifted = b;
  for (let power = ONE; power !== 0; power >>>= 1) {
    if ((a & power) !== 0) sum ^= shifted;
    shifted = (shifted & 1) === 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
  }
  return sum;
}
