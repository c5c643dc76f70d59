import type { ComponentChildren } from 'preact';
import type { Tag } from '../../chart-view.ts';

/** A state's name in the colour of its tag. */
export const StateName = ({ tag, children }: { tag: Tag; children: ComponentChildren }) => (
  <span class={`state-badge ${tag}`}>
    <span class="dot" aria-hidden="true" />
    {children}
  </span>
);

/** What became of a message. */
export const Fate = ({ fate }: { fate: string }) => <span class={`fate ${fate}`}>{fate}</span>;

interface CardProps {
  readonly title: string;
  readonly note?: ComponentChildren;
  readonly class?: string;
  readonly children: ComponentChildren;
}

/** A part of a view with its heading. */
export const Card = ({ title, note, class: className = '', children }: CardProps) => (
  <section class={`card ${className}`} aria-label={title}>
    <header>
      <h2>{title}</h2>
      {note !== undefined && <div class="note">{note}</div>}
    </header>
    {children}
  </section>
);

/** A key as it is printed on it. */
export const Key = ({ children }: { children: ComponentChildren }) => <kbd>{children}</kbd>;
