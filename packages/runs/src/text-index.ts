/**
 * Texts and their indices, in both directions, held as bytes: a million ids take the room of their characters, and one
 * that comes as bytes is found without a string being made of it.
 */
export interface TextIndex {
  readonly size: number;
  /** What it takes of memory, in bytes. */
  readonly bytes: number;
  /** The index of a text; one that is new gets the next. */
  add(text: string): number;
  /** The same for the UTF-8 text at a place in a buffer. */
  addBytes(source: Uint8Array, start: number, end: number): number;
  text(index: number): string;
}

const FIRST_SLOTS = 64;
const FIRST_BYTES = 1024;

export function createTextIndex(): TextIndex {
  let texts = Buffer.allocUnsafeSlow(FIRST_BYTES);
  /** Where each text ends, and the next begins. */
  let ends = new Uint32Array(FIRST_SLOTS);
  /** By hash, with open addressing: index + 1, or 0. Never more than half full. */
  let slots = new Int32Array(2 * FIRST_SLOTS);
  let size = 0;

  const startOf = (index: number): number => (index === 0 ? 0 : (ends[index - 1] ?? 0));
  const endOf = (index: number): number => ends[index] ?? 0;

  function isAt(index: number, source: Uint8Array, start: number, length: number): boolean {
    const from = startOf(index);
    if (endOf(index) - from !== length) return false;
    for (let i = 0; i < length; i++) if (texts[from + i] !== source[start + i]) return false;
    return true;
  }

  function append(source: Uint8Array, start: number, end: number): number {
    const from = startOf(size);
    const length = end - start;
    if (from + length > texts.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(from + length, Math.ceil(texts.length * 1.25)));
      larger.set(texts);
      texts = larger;
    }
    for (let i = 0; i < length; i++) texts[from + i] = source[start + i] ?? 0;
    if (size === ends.length) growTable();
    ends[size] = from + length;
    size++;
    return size - 1;
  }

  function growTable(): void {
    const capacity = ends.length * 2;
    const largerEnds = new Uint32Array(capacity);
    largerEnds.set(ends);
    ends = largerEnds;
    slots = new Int32Array(2 * capacity);
    for (let index = 0; index < size; index++) slots[freeSlot(hashOf(texts, startOf(index), endOf(index)))] = index + 1;
  }

  function freeSlot(hash: number): number {
    const mask = slots.length - 1;
    let at = hash & mask;
    while (slots[at] !== 0) at = (at + 1) & mask;
    return at;
  }

  function addBytes(source: Uint8Array, start: number, end: number): number {
    const hash = hashOf(source, start, end);
    const mask = slots.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const index = (slots[at] ?? 0) - 1;
      if (index === -1) {
        const added = append(source, start, end);
        // The table may have grown meanwhile.
        if (slots.length - 1 === mask) slots[at] = added + 1;
        else slots[freeSlot(hash)] = added + 1;
        return added;
      }
      if (isAt(index, source, start, end - start)) return index;
    }
  }

  return {
    get size() {
      return size;
    },
    get bytes() {
      return texts.length + ends.byteLength + slots.byteLength;
    },
    add(text) {
      const source = Buffer.from(text);
      return addBytes(source, 0, source.length);
    },
    addBytes,
    text: (index) => texts.toString("utf8", startOf(index), endOf(index)),
  };
}

/** FNV-1a, stirred at the end, since only its low bits are used. */
function hashOf(source: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (source[i] ?? 0), 0x01000193);
  return hash ^ (hash >>> 15);
}
