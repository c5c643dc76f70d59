import { effect } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { useSize } from './use-size.ts';

interface Props<Scene> {
  readonly height: number;
  /** What is painted at a width; when a signal that it reads changes, it is painted anew. */
  readonly scene: (width: number) => Scene | undefined;
  readonly paint: (brush: CanvasRenderingContext2D, scene: Scene) => void;
  readonly class?: string;
}

/** A canvas as wide as its place and as sharp as the screen, painted at most once a frame. */
export const Canvas = <Scene,>({ height, scene, paint, class: className }: Props<Scene>) => {
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef({ scene, paint });
  latest.current = { scene, paint };
  const width = useSize(canvas, 'clientWidth');
  useLayoutEffect(() => {
    const { current } = canvas;
    const brush = current?.getContext('2d');
    if (!current || !brush || width === 0) return undefined;
    const ratio = devicePixelRatio;
    current.width = Math.round(width * ratio);
    current.height = Math.round(height * ratio);
    let frame = 0;
    let next: Scene | undefined;
    const draw = (): void => {
      frame = 0;
      brush.setTransform(ratio, 0, 0, ratio, 0, 0);
      brush.clearRect(0, 0, width, height);
      if (next !== undefined) latest.current.paint(brush, next);
    };
    const stop = effect(() => {
      next = latest.current.scene(width);
      if (frame === 0) frame = requestAnimationFrame(draw);
    });
    return () => {
      stop();
      cancelAnimationFrame(frame);
    };
  }, [width, height]);
  return <canvas ref={canvas} class={className} style={{ height: `${height}px` }} aria-hidden="true" />;
};
