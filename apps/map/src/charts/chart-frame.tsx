import type { ComponentChildren } from "preact";
import { toggled } from "../data/toggled.ts";
import { useSession } from "../session.ts";
import { lazily } from "../ui/lazily.tsx";
import { ChartMenu } from "./chart-menu.tsx";
import type { Picture } from "./chart-png.ts";
import type { DataTable } from "./data-table.ts";
import { saveFile } from "./save-file.ts";

const TwinTable = lazily(async () => (await import("./twin-table.tsx")).TwinTable);

interface ChartFrameProps {
  readonly title: string;
  /** Distinguishes it on the page, for tests and styles. */
  readonly id: string;
  /** Stands beside the title. */
  readonly caption?: ComponentChildren;
  /** Further things to do with it. */
  readonly actions?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
  /** What it shows, in numbers; made when they are asked for. */
  table(): DataTable;
  /** Undefined while there is nothing to see. */
  picture(): Picture | undefined;
}

/** What all charts have: a title, a menu, and a table that can take the picture's place. */
export function ChartFrame({ title, id, caption, actions, children, table, picture, ...props }: ChartFrameProps) {
  const { runId, state } = useSession();
  const isTabular = state.tables.value.includes(id);
  const name = `${runId} ${title}`;

  const savePng = async (): Promise<void> => {
    const shown = picture();
    const { pngOf } = await import("./chart-png.ts");
    const png = shown && (await pngOf({ ...shown, note: `${runId}${shown.note && ` · ${shown.note}`}` }));
    if (png) saveFile(`${name}.png`, png);
  };
  const saveCsv = async (): Promise<void> => {
    const { toCsv } = await import("./data-table.ts");
    saveFile(`${name}.csv`, new Blob([toCsv(table())], { type: "text/csv" }));
  };
  return (
    <figure class={`chart ${props.class ?? ""}`} data-chart={id}>
      <figcaption>
        <span class="chart-title">
          <bdi>{title}</bdi>
        </span>
        {caption}
        <ChartMenu
          title={title}
          tabular={isTabular}
          onTable={() => {
            state.tables.value = toggled(state.tables.value, id);
          }}
          onCsv={saveCsv}
          onPng={isTabular ? undefined : savePng}
        >
          {actions}
        </ChartMenu>
      </figcaption>
      {isTabular ? <TwinTable table={table()} label={title} /> : children}
    </figure>
  );
}
