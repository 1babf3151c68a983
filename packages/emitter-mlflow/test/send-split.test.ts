import { expect, it } from "vitest";
import { RequestFailure } from "../src/failure.ts";
import { groupsOf, type Refused, sendSplit } from "../src/send-split.ts";

const refusal = (message: string) => new RequestFailure(message, { status: 400, code: "INVALID_PARAMETER_VALUE" });

/** Sends all of it as one group. @returns what was refused */
async function sendAll<T>(
  items: readonly T[],
  send: (items: readonly T[]) => Promise<void>,
  onRefusal: () => Promise<void> = async () => {},
): Promise<Refused<T>[]> {
  const sending = { queue: [items], refused: [] };
  await sendSplit(sending, 1, send, onRefusal);
  return sending.refused;
}

const numbers = Array.from({ length: 1000 }, (_, i) => i);

it("what is refused is found, and all else is taken, in order", async () => {
  const taken: number[] = [];
  const refused = await sendAll(numbers, async (some) => {
    const odd = some.find((number) => number === 3 || number === 777);
    if (odd !== undefined) throw refusal(`not ${odd}`);
    taken.push(...some);
  });
  expect(refused).toEqual([
    { item: 3, reason: "not 3" },
    { item: 777, reason: "not 777" },
  ]);
  expect(taken).toEqual(numbers.filter((number) => number !== 3 && number !== 777));
});

it.each([
  "(sqlite3.IntegrityError) UNIQUE constraint failed: metrics.key",
  '(psycopg2.errors.UniqueViolation) duplicate key value violates unique constraint "metric_pk"',
])("what is refused because it is there is not refused: %s", async (message) => {
  const send = async (): Promise<void> => {
    throw refusal(message);
  };
  expect(await sendAll([1, 2], send)).toEqual([]);
});

it("a server that takes only a hundred at once gets no more", async () => {
  const sizes: number[] = [];
  const send = async (some: readonly number[]): Promise<void> => {
    if (some.length > 100) throw refusal("UNIQUE constraint failed");
    sizes.push(some.length);
  };
  expect(await sendAll(numbers, send)).toEqual([]);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(1000);
});

it("what is no refusal is thrown at once, and so is another reason for one", async () => {
  const failing = async (): Promise<void> => {
    throw new RequestFailure("busy", { status: 503 });
  };
  await expect(sendAll(numbers, failing)).rejects.toThrow("busy");
  let calls = 0;
  const refusing = async (): Promise<void> => {
    calls++;
    throw refusal("no");
  };
  const deleted = async (): Promise<void> => {
    throw new RequestFailure("the run was deleted");
  };
  await expect(sendAll(numbers, refusing, deleted)).rejects.toThrow("the run was deleted");
  expect(calls).toBe(1);
});

it("what was taken before something failed is not sent again", async () => {
  const taken: number[] = [];
  let calls = 0;
  const send = async (some: readonly number[]): Promise<void> => {
    if (++calls % 3 === 0) throw new RequestFailure("cut");
    if (some.length > 100) throw refusal("UNIQUE constraint failed");
    taken.push(...some);
  };
  const sending = { queue: [numbers], refused: [] };
  for (let attempt = 0; attempt < 100 && sending.queue.length > 0; attempt++) {
    await sendSplit(sending, 1, send, async () => {}).catch(() => undefined);
  }
  expect(taken).toEqual(numbers);
  expect(sending.refused).toEqual([]);
});

it("groups have a size, and the last one the rest", () => {
  expect([...groupsOf([1, 2, 3, 4, 5], 2)]).toEqual([[1, 2], [3, 4], [5]]);
});
