import type { RunData } from "../data/run-data.ts";
import { useSession } from "../session.ts";

/** What stands in the page's place while there is nothing to see of the run; undefined: there is. */
export function noteOf({
  connection,
  overview,
}: RunData): { readonly title: string; readonly text: string } | undefined {
  const { phase } = connection.value;
  const { runId, rounds, status, statusReason, events } = overview.value;
  if (rounds.numbers.length > 0 || phase === "loading") return undefined;
  if (phase === "not_found") {
    return { title: "There is no such run yet", text: `This page shows ${runId} as soon as it starts.` };
  }
  if (phase === "reconnecting") {
    return { title: "The server can’t be reached", text: "This page goes on as soon as it answers." };
  }
  if (phase === "saved" && events === 0) {
    return { title: "There is nothing to read", text: "No run’s map is at this address, or it can’t be read." };
  }
  if (status !== "running") {
    const reason = statusReason === undefined ? "" : `: ${statusReason}`;
    return { title: "The run has no rounds", text: `It is over (${status}${reason}), and no round was told of.` };
  }
  if (events === 0) return undefined;
  return { title: "The run has begun", text: "Its first round will be shown here." };
}

/** Says why there is nothing to see of the run. */
export function PageNote() {
  const { data } = useSession();
  const note = noteOf(data);
  if (note === undefined) return null;
  return (
    <div class="page-note" data-testid="page-note">
      <h2>{note.title}</h2>
      <p>
        <bdi>{note.text}</bdi>
      </p>
    </div>
  );
}
