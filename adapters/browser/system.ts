import type { System, SystemMetrics } from '../../services/system.ts';

/** Non-standard heap metrics of some browsers. */
interface HeapInfo {
  readonly memory?: { readonly usedJSHeapSize: number; readonly jsHeapSizeLimit: number };
}

const heap = (): Pick<SystemMetrics, 'mem_free' | 'mem_alloc'> => {
  const { memory } = performance as HeapInfo;
  if (!memory) return {};
  return { mem_alloc: memory.usedJSHeapSize, mem_free: memory.jsHeapSizeLimit - memory.usedJSHeapSize };
};

const quotaOf = async (): Promise<Pick<SystemMetrics, 'statvfs'>> => {
  try {
    const { quota = 0, usage = 0 } = await navigator.storage.estimate();
    const free = Math.max(0, quota - usage);
    return quota > 0 ? { statvfs: [1, 1, quota, free, free, 0, 0, 0, 0, 0] } : {};
  } catch {
    return {};
  }
};

/**
 * Measures the page: its heap if the browser reports it, and its storage quota as a file system of one-byte blocks. A
 * page has no CPU frequency and no addresses.
 */
export const browserSystem = (): System => ({
  measure: async () => ({ ...heap(), ...(await quotaOf()) }),
});
