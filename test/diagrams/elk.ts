import ElkConstructor, { type ELK } from 'elkjs/lib/elk.bundled.js';
import type { Engine } from '../../app/diagram/elk/way.ts';

const elk: ELK = new (ElkConstructor as unknown as new () => ELK)();

/** The layout engine. */
export const engine: Engine = (graph) => elk.layout(graph);
