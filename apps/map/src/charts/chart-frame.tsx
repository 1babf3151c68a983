import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useSession } from "../session.ts";
import { ChartMenu } from "./chart-menu.tsx";
import { type Picture, pngOf } from "./chart-png.ts";
import { type DataTable, toCsv } from "./data-table.ts";
import { saveFile } from "./save-file.ts";
import { TwinTable } from "./twin-table.tsx";

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
  const { runId } = useSession();
  const tabular = useSignal(false);
  const name = `${runId} ${title}`;

  const savePng = async (): Promise<void> => {
    const shown = picture();
    const png = shown && (await pngOf({ ...shown, note: `${runId}${shown.note && ` · ${shown.note}`}` }));
    if (png) saveFile(`${name}.png`, png);
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
          tabular={tabular.value}
          onTable={() => {
            tabular.value = !tabular.value;
          }}
          onCsv={() => saveFile(`${name}.csv`, new Blob([toCsv(table())], { type: "text/csv" }))}
          onPng={tabular.value ? undefined : savePng}
        >
          {actions}
        </ChartMenu>
      </figcaption>
      {tabular.value ? <TwinTable table={table()} label={title} /> : children}
    </figure>
  );
}
