import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { useSession } from "../session.ts";
import { theme, themeColor } from "../theme.ts";
import { tickPlaces } from "./tick-places.ts";

/** A tick for each round, which shows where something went wrong. */
export function RoundTicks() {
  const { data, player } = useSession();
  const element = useRef<HTMLCanvasElement>(null);

  function draw(): void {
    const canvas = element.current;
    const context = canvas?.getContext("2d");
    if (canvas === null || context === null || context === undefined) return;
    const scale = devicePixelRatio;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    context.scale(scale, scale);
    const colors = {
      trouble: themeColor("--status-failed"),
      past: themeColor("--text-faint"),
      coming: themeColor("--line"),
    };
    const { x, index } = player.path.peek();
    for (const { at, trouble, isPast } of tickPlaces(
      x,
      index,
      data.findings.peek().byRound,
      player.place.peek(),
      width,
    )) {
      context.fillStyle = trouble > 0 ? colors.trouble : isPast ? colors.past : colors.coming;
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
    const observer = new ResizeObserver(draw);
    observer.observe(canvas);
    return () => observer.disconnect();
  }, []);

  return <canvas class="ticks" ref={element} />;
}
