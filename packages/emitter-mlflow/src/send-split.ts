import { isRefusal, isThere } from "./failure.ts";
import { workInLanes } from "./lanes.ts";

/** What would not be taken, and why. */
export interface Refused<T> {
  readonly item: T;
  readonly reason: string;
}

/** What is to be sent, and what has become of it. */
export interface Sending<T> {
  /** What goes together in a request. What was taken is no longer in it, whatever fails then. */
  readonly queue: (readonly T[])[];
  readonly refused: Refused<T>[];
}

/**
 * Sends groups of items. What is refused is sent in halves, until those that MLflow won't take are alone, and all others have
 * been taken. That is also what servers before 3.10 need, which refuse more than 100 values that they have already, and take
 * fewer.
 *
 * @param lanes - how many groups are on their way at once
 * @param onRefusal - called before a refusal is believed; throws if there is another reason for it
 * @throws RequestFailure for what is no refusal
 */
export async function sendSplit<T>(
  { queue, refused }: Sending<T>,
  lanes: number,
  send: (items: readonly T[]) => Promise<void>,
  onRefusal: () => Promise<void>,
): Promise<void> {
  await workInLanes(queue, lanes, async (items) => {
    try {
      await send(items);
    } catch (failure) {
      if (!isRefusal(failure)) throw failure;
      await onRefusal();
      const [first] = items;
      const middle = Math.ceil(items.length / 2);
      if (items.length > 1) queue.unshift(items.slice(0, middle), items.slice(middle));
      // Servers before 3.10 refuse a NaN that they have.
      else if (first !== undefined && !isThere(failure)) refused.push({ item: first, reason: failure.message });
    }
  });
}

/** Items in groups of a size. */
export function* groupsOf<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
