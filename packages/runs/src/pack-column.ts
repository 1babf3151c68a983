/** A column in the form in which a part holds it. */
export interface PackedColumn {
  /** What the header says of it, before the places of its data. */
  readonly head: string;
  /** Undefined if the header says all. */
  readonly data: Buffer | undefined;
  /** A bit for each row that has a value; undefined: all have. */
  readonly present: Buffer | undefined;
}

type Numbers =
  | Float64Array
  | Float32Array
  | Uint32Array
  | Int32Array
  | Uint16Array
  | Int16Array
  | Uint8Array
  | Int8Array;

/** Decimal places that measurements are often rounded to. Whole numbers take a fraction of a double's room. */
const SCALES = [1, 10, 100, 1000, 10_000, 1_000_000];

/**
 * Packs numbers, each of which can be had back exactly: as one number if they are all the same, else as whole numbers,
 * else in single precision, else in double.
 *
 * @param name - what the header begins with: nothing, or the JSON of the field's name, `"name":"…",`
 */
export function packNumbers(numbers: Numbers, name: string): PackedColumn {
  const first = numbers[0] ?? 0;
  if (Number.isFinite(first) && !Object.is(first, -0) && numbers.every((value) => Object.is(value, first))) {
    return { head: `{${name}"value":${first}`, data: undefined, present: undefined };
  }
  for (const scale of SCALES) {
    const whole = wholeNumbers(numbers, scale);
    if (whole !== undefined) return packed(name, whole, scale === 1 ? "" : `"scale":${scale},`);
  }
  const single = Float32Array.from(numbers);
  return packed(
    name,
    single.every((value, i) => Object.is(value, numbers[i])) ? single : Float64Array.from(numbers),
    "",
  );
}

/**
 * Packs values that are no numbers.
 *
 * @param codes - indices into `texts`, the JSON of each value; those that none points to are left out
 */
export function packValues(codes: Int32Array, texts: readonly string[], name: string): PackedColumn {
  const renumbered = new Int32Array(texts.length).fill(-1);
  const used: string[] = [];
  const fresh = codes.map((code) => {
    if (renumbered[code] === -1) renumbered[code] = used.push(texts[code] ?? "null") - 1;
    return renumbered[code] ?? 0;
  });
  if (used.length === 1) return { head: `{${name}"value":${used[0]}`, data: undefined, present: undefined };
  const values = `{${name}"values":[${used.join(",")}]`;
  // Each different from all others: then they stand in their order.
  if (used.length === codes.length) return { head: values, data: undefined, present: undefined };
  const { head, data } = packNumbers(fresh, "");
  return { head: `${values},${head.slice(1)}`, data, present: undefined };
}

function packed(name: string, numbers: Numbers, scale: string): PackedColumn {
  return { head: `{${name}${scale}"type":"${typeOf(numbers)}"`, data: planes(numbers), present: undefined };
}

function typeOf(numbers: Numbers): string {
  if (numbers instanceof Float64Array) return "f64";
  if (numbers instanceof Float32Array) return "f32";
  const isSigned = numbers instanceof Int8Array || numbers instanceof Int16Array || numbers instanceof Int32Array;
  return `${isSigned ? "i" : "u"}${8 * numbers.BYTES_PER_ELEMENT}`;
}

/** The numbers times a scale, in the narrowest type; undefined if they are not whole, or too large. */
function wholeNumbers(numbers: Numbers, scale: number): Numbers | undefined {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of numbers) {
    const scaled = Math.round(value * scale);
    // Also false for NaN; and -0 is a number of its own.
    if (scaled / scale !== value || (value === 0 && Object.is(value, -0))) return undefined;
    if (scaled < least) least = scaled;
    if (scaled > most) most = scaled;
  }
  const whole = narrowest(least, most)?.(numbers.length);
  if (whole === undefined) return undefined;
  for (let i = 0; i < whole.length; i++) whole[i] = Math.round((numbers[i] ?? 0) * scale);
  return whole;
}

function narrowest(least: number, most: number): ((length: number) => Numbers) | undefined {
  if (least >= 0 && most < 2 ** 8) return (length) => new Uint8Array(length);
  if (least >= -(2 ** 7) && most < 2 ** 7) return (length) => new Int8Array(length);
  if (least >= 0 && most < 2 ** 16) return (length) => new Uint16Array(length);
  if (least >= -(2 ** 15) && most < 2 ** 15) return (length) => new Int16Array(length);
  if (least >= 0 && most < 2 ** 32) return (length) => new Uint32Array(length);
  if (least >= -(2 ** 31) && most < 2 ** 31) return (length) => new Int32Array(length);
  return undefined;
}

/** First bytes of all numbers, then all second bytes, and so on: what is alike then stands together. */
function planes(numbers: Numbers): Buffer {
  const width = numbers.BYTES_PER_ELEMENT;
  const count = numbers.length;
  const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  const sorted = Buffer.allocUnsafe(bytes.length);
  for (let plane = 0; plane < width; plane++) {
    const start = plane * count;
    for (let i = 0; i < count; i++) sorted[start + i] = bytes[i * width + plane] ?? 0;
  }
  return sorted;
}
