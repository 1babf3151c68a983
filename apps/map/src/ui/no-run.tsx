/** What stands in the page's place while there is no run. */
export function NoRun({ reached }: { reached: boolean }) {
  return (
    <main class="no-run">
      <h2>{reached ? "No run yet" : "Connecting…"}</h2>
      {reached && (
        <>
          <p>This page opens the first run as soon as it starts.</p>
          <p>
            To see one now: <code>hivewatch demo</code>
          </p>
        </>
      )}
    </main>
  );
}
