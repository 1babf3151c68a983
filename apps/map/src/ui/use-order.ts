import { effect, type ReadonlySignal, untracked, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { useSession } from "../session.ts";
import { orderClients } from "./client-order.ts";

/** Sorting takes no more than one part in so many of the time. */
const SHARE = 8;

/** The clients in the table's order. With very many of them it follows the round a little later. */
export function useOrder(): ReadonlySignal<Uint32Array> {
  const { data, state, table, matches } = useSession();
  const order = useSignal<Uint32Array>(new Uint32Array(0));
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let idleUntil = 0;
    let asked = "";
    const stop = effect(() => {
      const source = {
        clients: data.clients.value,
        table: table.value,
        tally: data.tally.value,
        matches: matches.value,
        sort: state.sort.value,
      };
      // What somebody asks for comes at once.
      const asks = `${state.filter.value}\n${source.sort.field}\n${source.sort.descending}\n${source.table?.round}`;
      const isAsked = asks !== asked;
      asked = asks;
      clearTimeout(timer);
      const sort = (): void => {
        const start = performance.now();
        order.value = orderClients(source);
        idleUntil = performance.now() + (performance.now() - start) * SHARE;
      };
      const wait = idleUntil - performance.now();
      if (isAsked || wait <= 0) untracked(sort);
      else timer = setTimeout(sort, wait);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [data, state, table, matches, order]);
  return order;
}
