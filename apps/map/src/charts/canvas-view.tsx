import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { theme } from "../theme.ts";
import "../styles/chart-panels.css";

/** What there is to draw on, in CSS pixels. */
export interface Stage {
  readonly ctx: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  /** The style sheet's variable, as it is now. */
  color(name: string): string;
}

interface CanvasViewProps {
  /** What can be seen, in words. */
  readonly label: string;
  /** In pixels; without it as high as there is room. */
  readonly height?: number;
  readonly canvas: { current: HTMLCanvasElement | null };
  readonly children?: ComponentChildren;
  readonly class?: string;
  /** Another function draws again. */
  draw(stage: Stage): void;
  /** Where the pointer is, in CSS pixels; undefined when it has left. */
  onPoint?(x: number | undefined, y: number): void;
  onPick?(x: number, y: number): void;
}

/** A canvas as wide as there is room, sharp on every screen, in the theme's colours. */
export function CanvasView({ label, height, canvas, children, draw, onPoint, onPick, ...props }: CanvasViewProps) {
  const latest = useRef({ draw, onPoint, onPick });
  latest.current = { draw, onPoint, onPick };
  const redraw = useRef(() => {});

  useLayoutEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    redraw.current = () => drawOn(element, latest.current.draw);
    const observer = new ResizeObserver(() => redraw.current());
    observer.observe(element);
    element.addEventListener("pointermove", ({ offsetX, offsetY }) => latest.current.onPoint?.(offsetX, offsetY));
    element.addEventListener("pointerleave", () => latest.current.onPoint?.(undefined, 0));
    element.addEventListener("click", ({ offsetX, offsetY }) => latest.current.onPick?.(offsetX, offsetY));
    return () => observer.disconnect();
  }, [canvas]);

  const currentTheme = theme.value;
  useLayoutEffect(() => redraw.current(), [draw, currentTheme]);
  return (
    <div
      class={`canvas-view ${height === undefined ? "filling" : ""} ${props.class ?? ""}`}
      style={height === undefined ? undefined : { height: `${height}px` }}
    >
      <canvas ref={canvas} role="img" aria-label={label} />
      {children}
    </div>
  );
}

function drawOn(canvas: HTMLCanvasElement, draw: (stage: Stage) => void): void {
  const ctx = canvas.getContext("2d");
  const { clientWidth: width, clientHeight: height } = canvas;
  if (ctx === null || width === 0 || height === 0) return;
  const [w, h] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  const style = getComputedStyle(canvas);
  ctx.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  ctx.clearRect(0, 0, width, height);
  draw({ ctx, width, height, color: (name) => style.getPropertyValue(name).trim() });
}
