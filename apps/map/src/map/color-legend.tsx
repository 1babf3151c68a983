import { plural } from "../format.ts";
import { theme } from "../theme.ts";
import { colorLabel, colorText } from "./color-field.ts";
import type { ColorScale } from "./color-scale.ts";
import { viridisScale } from "./viridis.ts";

/** What the colours mean, with the scale's numbers and what lies beyond them. */
export function ColorLegend({ scale }: { scale: ColorScale }) {
  const { field, low, high } = scale;
  const colors = viridisScale(theme.value === "dark");
  const isEmpty = Number.isNaN(low);
  return (
    <div class="color-legend" data-testid="color-legend">
      <span class="color-name">{colorLabel(field)}</span>
      {isEmpty ? (
        <span>not reported in this round</span>
      ) : (
        <span class="color-scale">
          <span>{colorText(field, low)}</span>
          <i style={{ background: `linear-gradient(90deg, ${colors.join()})` }} />
          <span>{colorText(field, high)}</span>
        </span>
      )}
      <span class="color-notes">
        {notesOf(scale).map(([note, color]) => (
          <span key={note} class="color-note">
            {color !== undefined && <i class="dot" style={{ color: `var(${color})` }} />}
            {note}
          </span>
        ))}
      </span>
    </div>
  );
}

/** What else is to be said of a scale; with the colour of those that have none of its own. */
function notesOf({ low, high, below, above, missing, nonFinite }: ColorScale): [note: string, color?: string][] {
  const notes: [string, string?][] = [];
  if (!Number.isNaN(low) && low !== high) notes.push(["2nd to 98th percentile"]);
  if (below + above > 0) notes.push([`${plural(below + above, "value")} beyond it`]);
  if (nonFinite > 0) notes.push([`${plural(nonFinite, "value")} not finite`, "--status-non-finite"]);
  if (missing > 0) notes.push([`${plural(missing, "client")} without a value`, "--status-idle"]);
  return notes;
}
