/** What happens to a connection. */
export interface StreamHandlers {
  /** A frame came in; `id` is "" for one about the connection. */
  onFrame(data: string, id: string): void;
  /** The connection was lost, and is being made again. */
  onLost(): void;
  /** A new connection starts, which sends the run from its beginning. */
  onStart(): void;
}

/** A stream that is followed. */
export interface FollowedStream {
  /** Starts a new connection from the beginning. */
  startAgain(): void;
  /** Ends the connection, if there is one, and starts one that goes on behind an id. */
  goOn(lastId: string): void;
  close(): void;
}

/** The server says something every 15 s; a connection that was silent for this long is dead, whatever the browser thinks. */
const DEAD_AFTER_MS = 45_000;
const RETRY_MS = 2_000;

/**
 * Follows a stream. Browsers connect again by themselves and say where they were; where they give up (on an error page)
 * or don't notice (a half-open connection), a new connection starts from the beginning.
 */
export function followStream(url: string, handlers: StreamHandlers): FollowedStream {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function start(): void {
    connect(url);
    handlers.onStart();
  }

  function connect(address: string): void {
    source?.close();
    source = new EventSource(address);
    startAgainAfter(DEAD_AFTER_MS);
    source.onmessage = ({ data, lastEventId }: MessageEvent<string>) => {
      startAgainAfter(DEAD_AFTER_MS);
      handlers.onFrame(data, lastEventId);
    };
    source.onerror = () => {
      handlers.onLost();
      if (source?.readyState === EventSource.CLOSED) startAgainAfter(RETRY_MS);
    };
  }

  function startAgainAfter(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => {
      handlers.onLost();
      start();
    }, ms);
  }

  start();
  return {
    startAgain: start,
    goOn: (lastId) => connect(`${url}&${new URLSearchParams({ last_event_id: lastId })}`),
    close() {
      clearTimeout(timer);
      source?.close();
    },
  };
}
