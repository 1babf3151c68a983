/** What happens to a stream. */
export interface StreamHandlers {
  /** A frame came in; `id` is that of the newest frame that had one. */
  onFrame(data: string, id: string): void;
  /** The connection was lost, and is being made again. */
  onLost(): void;
  /** There is no stream at this address. */
  onNone(): void;
}

export interface FollowedStream {
  /** Starts a new connection behind an id; "" for the beginning. */
  goOn(lastId: string): void;
  close(): void;
}

/** The server says something every 15 s; a connection that was silent for this long is dead, whatever the browser thinks. */
const DEAD_AFTER_MS = 45_000;
const RETRY_MS = 2_000;

/**
 * Follows a run's stream. Browsers connect again by themselves and say where they were; where they give up (on an error
 * page) or don't notice (a half-open connection), a new connection goes on behind the last frame.
 */
export function followStream(address: string, lastId: string, handlers: StreamHandlers): FollowedStream {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let last = lastId;
  let wasOpen = false;

  function connect(): void {
    source?.close();
    source = new EventSource(last === "" ? address : `${address}&${new URLSearchParams({ last_event_id: last })}`);
    connectAgainAfter(DEAD_AFTER_MS);
    source.onopen = () => {
      wasOpen = true;
    };
    source.onmessage = ({ data, lastEventId }: MessageEvent<string>) => {
      connectAgainAfter(DEAD_AFTER_MS);
      if (lastEventId !== "") last = lastEventId;
      handlers.onFrame(data, lastEventId);
    };
    source.onerror = () => {
      if (source?.readyState === EventSource.CLOSED && !wasOpen) {
        clearTimeout(timer);
        handlers.onNone();
        return;
      }
      handlers.onLost();
      if (source?.readyState === EventSource.CLOSED) connectAgainAfter(RETRY_MS);
    };
  }

  function connectAgainAfter(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      handlers.onLost();
      connect();
    }, ms);
  }

  connect();
  return {
    goOn(id) {
      last = id;
      connect();
    },
    close() {
      clearTimeout(timer);
      source?.close();
    },
  };
}
