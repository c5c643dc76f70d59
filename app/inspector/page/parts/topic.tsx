import { shortTopic } from '../format.ts';

/** Letters of a topic's end that are always seen. */
const endLength = 15;

/** A topic without its domain; where there is no room for all of it, its middle is left out. */
export const TopicName = ({ topic, class: className = '' }: { topic: string; class?: string }) => {
  const short = shortTopic(topic);
  return (
    <span class={`topic ${className}`} title={topic}>
      <span class="topic-begin">{short.slice(0, -endLength)}</span>
      <span class="topic-end">{short.slice(-endLength)}</span>
    </span>
  );
};
