/** Of OpenTelemetry's log data model. */
export const SEVERITY_NUMBERS = { INFO: 9, WARN: 13, ERROR: 17 } as const;

/** Of which events there are log records, under what name, and how bad each is. */
export const LOG_EVENTS = {
  runStart: { eventName: "hivewatch.run.start", severityText: "INFO" },
  runCompleted: { eventName: "hivewatch.run.end", severityText: "INFO" },
  runAborted: { eventName: "hivewatch.run.end", severityText: "WARN" },
  runFailed: { eventName: "hivewatch.run.end", severityText: "ERROR" },
  dropout: { eventName: "hivewatch.client.dropout", severityText: "WARN" },
  commFailure: { eventName: "hivewatch.client.comm_failure", severityText: "WARN" },
  failedResult: { eventName: "hivewatch.client.failed", severityText: "WARN" },
  clientError: { eventName: "hivewatch.client.error", severityText: "WARN" },
  recovered: { eventName: "hivewatch.client.recovered", severityText: "INFO" },
  checkpoint: { eventName: "hivewatch.checkpoint", severityText: "INFO" },
  adapterError: { eventName: "hivewatch.adapter.error", severityText: "ERROR" },
  eventsDropped: { eventName: "hivewatch.events.dropped", severityText: "WARN" },
  logDamaged: { eventName: "hivewatch.log.damaged", severityText: "ERROR" },
} as const;
