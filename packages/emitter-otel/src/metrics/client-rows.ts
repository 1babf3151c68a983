/** The clients of a round, and the row of each. */
export interface ClientRows {
  /** By row. */
  readonly ids: readonly string[];
  /** The row of a client, which it gets if it has none. */
  rowOf(clientId: string): number;
}

const FIRST_SLOTS = 64;
/** So that nobody can choose ids that all come to lie in one place. */
const SEED = Math.floor(Math.random() * 2 ** 32);

/** Not a Map, which costs several times as much for 100,000 ids that are new, in time and in memory. */
export function createClientRows(): ClientRows {
  const ids: string[] = [];
  // Open addressing, never more than half full: row + 1, or 0.
  let slots = new Int32Array(FIRST_SLOTS);
  let hashes = new Int32Array(FIRST_SLOTS / 2);

  function freeSlot(hash: number): number {
    const mask = slots.length - 1;
    let at = hash & mask;
    while (slots[at] !== 0) at = (at + 1) & mask;
    return at;
  }

  function grow(): void {
    const wider = new Int32Array(2 * hashes.length);
    wider.set(hashes);
    hashes = wider;
    slots = new Int32Array(2 * slots.length);
    for (let row = 0; row < ids.length; row++) slots[freeSlot(hashes[row] ?? 0)] = row + 1;
  }

  function add(clientId: string, hash: number): number {
    if (ids.length === hashes.length) grow();
    const row = ids.push(clientId) - 1;
    hashes[row] = hash;
    slots[freeSlot(hash)] = row + 1;
    return row;
  }

  return {
    ids,
    rowOf(clientId) {
      const hash = hashOf(clientId);
      const mask = slots.length - 1;
      for (let at = hash & mask; ; at = (at + 1) & mask) {
        const row = (slots[at] ?? 0) - 1;
        if (row === -1) return add(clientId, hash);
        if (hashes[row] === hash && ids[row] === clientId) return row;
      }
    },
  };
}

function hashOf(text: string): number {
  let hash = SEED;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 15);
}
