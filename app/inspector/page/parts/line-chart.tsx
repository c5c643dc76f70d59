import { colours } from '../colours.ts';
import { Canvas } from './canvas.tsx';

type Point = readonly [at: number, value: number];

interface Props {
  readonly points: readonly Point[];
  readonly label: string;
  readonly height?: number;
}

const textOf = (value: number): string => String(Math.round(value * 100) / 100);

/** A number over time as a line, with its lowest and highest value. */
export const LineChart = ({ points, label, height = 96 }: Props) => {
  const values = points.map(([, value]) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const [from = 0, to = 1] = [points[0]?.[0], points.at(-1)?.[0]];
  return (
    <figure class="line-chart" role="img" aria-label={`${label}, from ${textOf(least)} to ${textOf(most)}`}>
      <Canvas
        height={height}
        scene={(width) => colours.value && { width, painted: colours.value, points }}
        paint={(brush, { width, painted }) => {
          const inner = height - 12;
          const x = (at: number): number => 3 + ((at - from) / Math.max(1, to - from)) * (width - 8);
          const y = (value: number): number => 6 + inner - ((value - least) / (most - least || 1)) * inner;
          const line = new Path2D();
          for (const [at, value] of points) line.lineTo(x(at), y(value));
          brush.strokeStyle = painted.line;
          brush.strokeRect(0.5, 0.5, width - 1, height - 1);
          brush.strokeStyle = painted.accent;
          brush.lineWidth = 1.5;
          brush.stroke(line);
          const [at, value] = points.at(-1) ?? [0, 0];
          brush.fillStyle = painted.accent;
          brush.beginPath();
          brush.arc(x(at), y(value), 3, 0, 2 * Math.PI);
          brush.fill();
        }}
      />
      <figcaption>
        <span>{textOf(least)}</span>
        <b>{label}</b>
        <span>{textOf(most)}</span>
      </figcaption>
    </figure>
  );
};
