/** How far a subscriber of all runs has come, as an id tells it. */
export interface Mark {
  /** When the newest of the runs began that were known: one that begins later is new. */
  readonly newest: string;
  /** Of the runs that were followed. Naming all would make ids longer than what browsers send back. */
  readonly positions: ReadonlyMap<string, number>;
}

export function encodeMark({ newest, positions }: Mark): string {
  return Buffer.from(JSON.stringify([newest, ...positions])).toString("base64url");
}

/** @returns undefined for what is no id of ours */
export function decodeMark(id: string): Mark | undefined {
  try {
    const [newest, ...positions] = JSON.parse(Buffer.from(id, "base64url").toString());
    return { newest: String(newest), positions: new Map(positions.filter(isPosition)) };
  } catch {
    return undefined;
  }
}

function isPosition(value: unknown): value is [string, number] {
  return Array.isArray(value) && typeof value[0] === "string" && Number.isSafeInteger(value[1]);
}
