import { formatAccuracy, formatBytes, formatCount, formatField, formatPercent, formatSeconds } from "../format.ts";

type NumberFormat = (value: number | null | undefined) => string;

const asMilliseconds: NumberFormat = (value) => formatSeconds(typeof value === "number" ? value / 1000 : value);
const asMegabytes: NumberFormat = (value) => formatBytes(typeof value === "number" ? value * 1e6 : value);
const asPercent: NumberFormat = (value) => formatPercent(typeof value === "number" ? value / 100 : value);

/** How the contract's fields are called and written. */
const KNOWN: Record<string, { label: string; format: NumberFormat }> = {
  local_accuracy: { label: "Accuracy", format: formatAccuracy },
  local_loss: { label: "Loss", format: formatField },
  num_samples: { label: "Samples", format: formatCount },
  base_round: { label: "Trained on round", format: formatCount },
  gradient_norm: { label: "Gradient norm", format: formatField },
  gradient_magnitude: { label: "Gradient magnitude", format: formatField },
  sparsity: { label: "Sparsity", format: formatPercent },
  compression_ratio: { label: "Compression ratio", format: formatField },
  bytes_sent: { label: "Sent to the server", format: formatBytes },
  bytes_received: { label: "Received", format: formatBytes },
  network_latency_ms: { label: "Network latency", format: asMilliseconds },
  train_time_sec: { label: "Train time", format: formatSeconds },
  cpu_pct: { label: "CPU", format: asPercent },
  ram_mb: { label: "RAM", format: asMegabytes },
  gpu_util_pct: { label: "GPU", format: asPercent },
  gpu_vram_mb: { label: "GPU memory", format: asMegabytes },
};

/** A field's name for people: an application's own is shown as it is. */
export function fieldLabel(name: string): string {
  return Object.hasOwn(KNOWN, name) ? (KNOWN[name]?.label ?? name) : name;
}

/** A field's value for people. */
export function fieldText(name: string, value: unknown): string {
  const known = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
  return known !== undefined && typeof value === "number" ? known.format(value) : formatField(value);
}
