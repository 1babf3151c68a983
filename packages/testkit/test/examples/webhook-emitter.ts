import { type BatchEmitter, errorMessage, type HiveEvent, isKnownEvent } from "@hivewatch/core";

export interface WebhookEmitterOptions {
  /** Takes `{"text": "…"}` by POST, as chat services do. */
  url: string;
}

/** An emitter that tells a chat of clients that dropped out or failed, and of the run's end. */
export function webhookEmitter({ url }: WebhookEmitterOptions): BatchEmitter {
  return {
    name: "webhook",
    specVersion: 1,
    async write(batch, signal) {
      const lines = batch.flatMap(linesOf);
      if (lines.length === 0) return { status: "delivered" };
      const request = { method: "POST", body: JSON.stringify({ text: lines.join("\n") }), signal };
      try {
        const { ok, status } = await fetch(url, request);
        if (ok) return { status: "delivered" };
        return { status: status === 429 || status >= 500 ? "retry" : "refused", reason: `HTTP ${status}` };
      } catch (error) {
        return { status: "retry", reason: errorMessage(error) };
      }
    },
  };
}

/** The translation: a pure function, so that it can be tested by itself. */
export function linesOf(event: HiveEvent): string[] {
  if (!isKnownEvent(event)) return [];
  if (event.event_type === "client_dropout") {
    return event.clients.map(({ client_id }) => `round ${event.round}: ${client_id} dropped out: ${event.reason}`);
  }
  if (event.event_type === "comm_failure") return [`round ${event.round}: ${event.client_id} failed: ${event.reason}`];
  return event.event_type === "finished" ? [`run ${event.run_id}: ${event.status ?? "completed"}`] : [];
}
