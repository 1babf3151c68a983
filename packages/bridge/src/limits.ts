/** Larger messages are refused by gRPC itself, which ends their stream. */
export const MAX_MESSAGE_BYTES: number = 16 * 1024 * 1024;
