import type { Source } from '../../replay/source.ts';
import { topicName } from '../messages.ts';

/** Letters of a topic's end that are always seen. */
const endLength = 15;

interface Props {
  readonly chosen: Source;
  readonly topic: string;
  readonly class?: string;
}

/** What people call a topic; where there is no room for all of it, its middle is left out. */
export const TopicName = ({ chosen, topic, class: className = '' }: Props) => {
  const short = topicName(chosen, topic);
  return (
    <span class={`topic ${className}`} title={topic}>
      <span class="topic-begin">{short.slice(0, -endLength)}</span>
      <span class="topic-end">{short.slice(-endLength)}</span>
    </span>
  );
};
