import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { History } from "../data/run-data.ts";
import { useSession } from "../session.ts";

/** A client's history is asked for anew no more often than this while the run goes on. */
const INTERVAL_MS = 3_000;

/** A client over all rounds; undefined until it has been read. */
export function useHistory(client: number): ReadonlySignal<History | undefined> {
  const { data } = useSession();
  const history = useSignal<History | undefined>(undefined);
  const askedAt = useRef(0);
  const events = data.overview.value.events;

  useEffect(() => {
    history.value = undefined;
    askedAt.current = 0;
  }, [client, history]);

  useEffect(() => {
    let isOver = false;
    const ask = async (): Promise<void> => {
      askedAt.current = performance.now();
      const answer = await data.history([client]);
      if (!isOver) history.value = answer;
    };
    const wait = askedAt.current === 0 ? 0 : askedAt.current + INTERVAL_MS - performance.now();
    const timer = setTimeout(ask, Math.max(0, wait));
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [data, client, history, events]);

  return history;
}
