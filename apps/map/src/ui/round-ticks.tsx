import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { useSession } from "../session.ts";
import { theme, themeColor } from "../theme.ts";
import { tickPlaces } from "./tick-places.ts";

/** A tick for each round, which shows where something went wrong. */
export function RoundTicks() {
  const { data, player } = useSession();
  const element = useRef<HTMLCanvasElement>(null);
  // To ask the document for it at every step would have the whole page laid out twice.
  const size = useRef({ width: 0, height: 0 });

  function draw(): void {
    const canvas = element.current;
    const context = canvas?.getContext("2d");
    const { width, height } = size.current;
    if (canvas === null || context === null || context === undefined || width === 0) return;
    const scale = devicePixelRatio;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    context.scale(scale, scale);
    const colors = {
      trouble: themeColor("--status-failed"),
      past: themeColor("--text-faint"),
      coming: themeColor("--line"),
    };
    const { x, index } = player.path.peek();
    for (const { at, trouble, isUnusual, isPast } of tickPlaces(
      x,
      index,
      data.findings.peek().byRound,
      player.place.peek(),
      width,
    )) {
      context.fillStyle = isUnusual ? colors.trouble : isPast ? colors.past : colors.coming;
      const tall = trouble > 0 ? height * (0.55 + 0.45 * trouble) : height * 0.4;
      context.fillRect(Math.round(at) - 0.75, height - tall, 1.5, tall);
    }
  }

  useSignalEffect(() => {
    // What the picture depends on.
    void [player.path.value, player.place.value, data.findings.value, theme.value];
    draw();
  });
  useEffect(() => {
    const canvas = element.current;
    if (canvas === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) size.current = entry.contentRect;
      draw();
    });
    observer.observe(canvas);
    return () => observer.disconnect();
  }, []);

  return <canvas class="ticks" ref={element} />;
}
