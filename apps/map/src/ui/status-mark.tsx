import { type ClientStatus, STATUS_LABELS } from "../data/statuses.ts";
import { type MarkName, SERVER_CORNERS, SHAPES } from "../map/shapes.ts";

/** The mark of a status, as the map draws it, or of other trouble. */
export function StatusMark({ status }: { status: MarkName }) {
  const { corners, filled } = SHAPES[status];
  return (
    <svg class={`mark status-${status} ${filled ? "filled" : "hollow"}`} viewBox="-1.4 -1.4 2.8 2.8" aria-hidden="true">
      {corners.length === 0 ? <circle r="1" /> : <polygon points={corners.map((corner) => corner.join()).join(" ")} />}
    </svg>
  );
}

/** A status as mark and word. */
export function StatusLabel({ status }: { status: ClientStatus }) {
  return (
    <span class="status-label">
      <StatusMark status={status} />
      {STATUS_LABELS[status]}
    </span>
  );
}

/** The server's mark. */
export function ServerMark() {
  return (
    <svg class="mark server-mark" viewBox="-1.2 -1.2 2.4 2.4" aria-hidden="true">
      <polygon points={SERVER_CORNERS.map((corner) => corner.join()).join(" ")} />
      <circle class="server-core" r="0.38" />
    </svg>
  );
}
