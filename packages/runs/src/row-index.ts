/** Which row of a round a client has. */
export interface RowIndex {
  /** What it takes of memory, in bytes. */
  readonly bytes: number;
  /** -1: none. */
  get(client: number): number;
  /** @param client - one that has no row yet */
  add(client: number, row: number): void;
  /** @param client - one that has a row, and gets another one */
  move(client: number, row: number): void;
}

const FIRST_SLOTS = 128;

export function createRowIndex(): RowIndex {
  // Open addressing, never more than half full: client + 1, or 0; and its row.
  let clients = new Uint32Array(FIRST_SLOTS);
  let rows = new Uint32Array(FIRST_SLOTS);
  let size = 0;

  function slotOf(client: number): number {
    const mask = clients.length - 1;
    let at = (Math.imul(client, 0x9e3779b1) >>> 7) & mask;
    while (clients[at] !== 0 && clients[at] !== client + 1) at = (at + 1) & mask;
    return at;
  }

  function put(client: number, row: number): void {
    const at = slotOf(client);
    clients[at] = client + 1;
    rows[at] = row;
  }

  function grow(): void {
    const [oldClients, oldRows] = [clients, rows];
    clients = new Uint32Array(2 * oldClients.length);
    rows = new Uint32Array(2 * oldRows.length);
    for (const [i, client] of oldClients.entries()) if (client !== 0) put(client - 1, oldRows[i] ?? 0);
  }

  return {
    get bytes() {
      return clients.byteLength + rows.byteLength;
    },
    get(client) {
      const at = slotOf(client);
      return clients[at] === 0 ? -1 : (rows[at] ?? -1);
    },
    add(client, row) {
      if (2 * ++size > clients.length) grow();
      put(client, row);
    },
    move: put,
  };
}
