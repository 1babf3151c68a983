import { useSignal } from "@preact/signals";
import { toCsv } from "../charts/data-table.ts";
import { saveFile } from "../charts/save-file.ts";
import { Swatch } from "../charts/swatch.tsx";
import { formatAccuracy, formatCount, MISSING } from "../format.ts";
import { useSession } from "../session.ts";
import { type ConfigLine, compareConfigs } from "./compare-configs.ts";
import { lineOfRun, OWN_LINE } from "./run-lines.ts";
import type { RunEntry } from "./run-list.ts";

/** What is the same in the compared runs, and what is not. */
export function Comparison({ runs, current }: { runs: readonly RunEntry[]; current: string }) {
  const { state, compared } = useSession();
  const all = useSignal(false);
  const ids = [current, ...compared.runs.value.map(({ runId }) => runId)];
  const entries = ids.map((id) => runs.find(({ runId }) => runId === id));
  const lines = [...factsOf(entries), ...compareConfigs(entries.map((run) => run?.config ?? new Map()))];
  const shown = lines.filter(({ differs }) => differs || all.value);
  const save = (): void => {
    const table = {
      name: "comparison",
      rows: lines.length,
      columns: [
        { name: "name", value: (row: number) => lines[row]?.name },
        ...ids.map((id, i) => ({ name: id, value: (row: number) => lines[row]?.values[i] })),
      ],
    };
    saveFile(`${current} comparison.csv`, new Blob([toCsv(table)], { type: "text/csv" }));
  };
  return (
    <section class="comparison" aria-labelledby="comparison-heading">
      <header>
        <h3 id="comparison-heading">Differences</h3>
        <label class="small-button">
          <input
            type="checkbox"
            checked={all.value}
            onChange={() => {
              all.value = !all.value;
            }}
          />
          also what is the same
        </label>
        <button type="button" class="small-button" onClick={save}>
          Save as CSV
        </button>
        <button
          type="button"
          class="small-button"
          onClick={() => {
            state.compared.value = [];
          }}
        >
          Compare none
        </button>
      </header>
      <section class="comparison-scroll" ref={focusable} aria-label="Table of differences">
        <table>
          <thead>
            <tr>
              <th scope="col">
                <span class="visually-hidden">Name</span>
              </th>
              {ids.map((id, i) => (
                <th key={id} scope="col">
                  <Swatch line={i === 0 ? OWN_LINE : lineOfRun(i - 1)} /> <bdi>{id}</bdi>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((line, i) => (
              <Line key={`${line.name} ${i}`} line={line} />
            ))}
          </tbody>
        </table>
        {shown.length === 0 && <p class="empty">These runs have the same configuration.</p>}
      </section>
    </section>
  );
}

/** What scrolls must be within reach of keys. */
function focusable(element: HTMLElement | null): void {
  if (element !== null) element.tabIndex = 0;
}

function Line({ line: { name, values, differs } }: { line: ConfigLine }) {
  return (
    <tr class={differs ? "differs" : undefined}>
      <th scope="row">
        <bdi>{name.slice(0, 200)}</bdi>
      </th>
      {values.map((value, i) => (
        <td key={i} title={value?.slice(0, 500)}>
          <bdi>{value?.slice(0, 200) ?? MISSING}</bdi>
        </td>
      ))}
    </tr>
  );
}

/** What the list knows of runs. */
function factsOf(runs: readonly (RunEntry | undefined)[]): ConfigLine[] {
  const line = (name: string, of: (run: RunEntry) => string | undefined): ConfigLine => {
    const values = runs.map((run) => run && of(run));
    return { name, values, differs: values.some((value) => value !== values[0]) };
  };
  return [
    line("status", ({ status }) => status),
    line("algorithm", ({ algorithm }) => algorithm),
    line("rounds", ({ rounds }) => formatCount(rounds)),
    line("clients", ({ clients }) => formatCount(clients)),
    line("accuracy", ({ accuracy }) => formatAccuracy(accuracy)),
  ];
}
