import { isRefusal, isThere } from "./failure.ts";

/** What would not be taken, and why. */
export interface Refused<T> {
  readonly item: T;
  readonly reason: string;
}

/**
 * Sends items together. If they are refused they are sent in halves, until those that MLflow won't take are alone, and all
 * others have been taken. That is also what servers before 3.10 need, which refuse more than 100 values that they have
 * already, and take fewer.
 *
 * @param onRefusal - called before a refusal is believed; throws if there is another reason for it
 * @throws RequestFailure for what is no refusal
 */
export async function sendSplit<T>(
  items: readonly T[],
  send: (items: readonly T[]) => Promise<void>,
  onRefusal: () => Promise<void>,
): Promise<Refused<T>[]> {
  const [first] = items;
  if (first === undefined) return [];
  try {
    await send(items);
    return [];
  } catch (failure) {
    if (!isRefusal(failure)) throw failure;
    await onRefusal();
    // Servers before 3.10 refuse a NaN that they have.
    if (items.length === 1 && isThere(failure)) return [];
    if (items.length === 1) return [{ item: first, reason: failure.message }];
    const middle = Math.ceil(items.length / 2);
    const halves = [items.slice(0, middle), items.slice(middle)];
    const refused: Refused<T>[] = [];
    for (const half of halves) refused.push(...(await sendSplit(half, send, onRefusal)));
    return refused;
  }
}

/** Items in groups of a size. */
export function* groupsOf<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
