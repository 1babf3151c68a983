/** Something that is there as long as anybody uses it. */
export interface Lease<T> {
  readonly value: T;
  release(): void;
}

/** Hands out leases of one thing for each key. */
export interface Leases<T> {
  /** @param open - makes it for the first one; the signal is aborted after the last one has released it */
  take(key: string, open: (signal: AbortSignal) => T): Lease<T>;
}

export function createLeases<T>(): Leases<T> {
  const used = new Map<string, { readonly value: T; readonly end: AbortController; users: number }>();
  return {
    take(key, open) {
      let entry = used.get(key);
      if (entry === undefined) {
        const end = new AbortController();
        entry = { value: open(end.signal), end, users: 0 };
        used.set(key, entry);
      }
      const taken = entry;
      taken.users++;
      return {
        value: taken.value,
        release() {
          taken.users--;
          if (taken.users > 0) return;
          if (used.get(key) === taken) used.delete(key);
          taken.end.abort();
        },
      };
    },
  };
}
