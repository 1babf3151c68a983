/** Hands a file to the reader. */
export function saveFile(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName(name);
  link.click();
  // The download has begun when the task ends.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A name that every file system takes, whatever the run is called. */
export function fileName(name: string): string {
  const dot = name.lastIndexOf(".");
  const stem = name
    .slice(0, dot)
    .replaceAll(/[^\p{L}\p{N}._-]+/gu, "-")
    .replace(/^[-.]+|[-.]+$/g, "");
  return `${stem.slice(0, 100) || "hivewatch"}${name.slice(dot)}`;
}
