import { useLayoutEffect, useState } from 'preact/hooks';
import type { RefObject } from 'preact';

/**
 * Measures an element, now and whenever it changes.
 *
 * @param first What it counts as before.
 * @param inputs What decides whether the element is there.
 */
export const useSize = (
  element: RefObject<HTMLElement | null>,
  side: 'clientWidth' | 'clientHeight',
  first = 0,
  inputs: readonly unknown[] = [],
): number => {
  const [size, setSize] = useState(first);
  useLayoutEffect(() => {
    const { current } = element;
    if (!current) return undefined;
    const observer = new ResizeObserver(() => setSize(current[side]));
    observer.observe(current);
    return () => observer.disconnect();
  }, inputs);
  return size;
};
