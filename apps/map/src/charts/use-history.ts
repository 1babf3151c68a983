import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { History } from "../data/run-data.ts";
import { useSession } from "../session.ts";

/**
 * Some clients over all rounds, asked for again as rounds come, one request at a time. Undefined while those clients have
 * not been had yet.
 */
export function useHistory(clients: readonly number[]): ReadonlySignal<History | undefined> {
  const { data } = useSession();
  const history = useSignal<History | undefined>(undefined);
  const busy = useRef(false);
  const wanted = useRef("");
  const key = clients.join();
  const rounds = data.overview.value.rounds.numbers.length;
  wanted.current = `${key} ${rounds}`;

  useEffect(() => {
    let isGone = false;
    const ask = async (): Promise<void> => {
      if (busy.current || clients.length === 0) return;
      busy.current = true;
      const asked = wanted.current;
      const answer = await data.history(clients);
      busy.current = false;
      if (isGone) return;
      history.value = answer;
      if (asked !== wanted.current) void ask();
    };
    void ask();
    return () => {
      isGone = true;
      busy.current = false;
    };
  }, [data, key, rounds]);

  return history;
}
