import { formatCount } from "../format.ts";
import { type ClientStatus, STATUS_LABELS } from "../model/client-status.ts";
import { useSession } from "../session.ts";
import { StatusMark } from "../ui/status-mark.tsx";

const ORDER: readonly ClientStatus[] = [
  "active",
  "waiting",
  "straggler",
  "non_finite",
  "dropped",
  "failed",
  "missing",
  "idle",
];

/** What the marks mean, and how many there are of each in the shown round. */
export function Legend({ flows }: { flows: boolean }) {
  const { members } = useSession().view.value;
  return (
    <ul class="legend" aria-label="Legend">
      {ORDER.map((status) => (
        <li key={status} class={members[status].length === 0 ? "none" : undefined} data-status={status}>
          <StatusMark status={status} />
          {STATUS_LABELS[status]}
          <b>{formatCount(members[status].length)}</b>
        </li>
      ))}
      {flows && (
        <>
          <li class="flow up">Updates to the server</li>
          <li class="flow down">Model to the clients</li>
        </>
      )}
    </ul>
  );
}
