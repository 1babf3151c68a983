/** Larger messages are refused by gRPC itself, which ends their stream. */
export const MAX_MESSAGE_BYTES: number = 16 * 1024 * 1024;

/** A connection that has been silent for so long is asked whether anybody is there. */
export const KEEPALIVE_MS = 60_000;
