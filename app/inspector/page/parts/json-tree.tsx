import { isJsonObject, type JsonValue } from '../../../../services/json.ts';

/** Most members of one value that are shown. */
const maxMembers = 50;

/** Longest text that is shown in a line. */
const maxText = 160;

const cut = (text: string): string => (text.length > maxText ? `${text.slice(0, maxText)}…` : text);

const membersOf = (value: JsonValue): [string, JsonValue][] =>
  Array.isArray(value) || isJsonObject(value) ? Object.entries(value) : [];

const summaryOf = (value: JsonValue): string => {
  const members = membersOf(value);
  if (Array.isArray(value)) return members.length === 0 ? '[]' : `[${members.length}]`;
  return members.length === 0 ? '{}' : `{${cut(members.map(([key]) => key).join(', '))}}`;
};

const kindOf = (value: JsonValue): string => (value === null ? 'null' : typeof value);

interface Props {
  readonly name: string;
  readonly value: JsonValue;
  readonly isChanged?: boolean;
  readonly isOpen?: boolean;
}

const Name = ({ name, isChanged }: { name: string; isChanged: boolean }) => (
  <span class="key">
    {name}
    {isChanged && <span class="changed-mark"> changed</span>}
  </span>
);

/** A JSON value by name: an object or an array opens. */
export const JsonTree = ({ name, value, isChanged = false, isOpen = false }: Props) => {
  const members = membersOf(value);
  const className = isChanged ? 'member changed' : 'member';
  if (members.length === 0) {
    const text = typeof value === 'object' && value !== null ? summaryOf(value) : JSON.stringify(value);
    return (
      <div class={className}>
        <Name name={name} isChanged={isChanged} /> <span class={`value ${kindOf(value)}`}>{cut(text)}</span>
      </div>
    );
  }
  return (
    <details class={className} open={isOpen}>
      <summary>
        <Name name={name} isChanged={isChanged} /> <span class="value object">{summaryOf(value)}</span>
      </summary>
      {members.slice(0, maxMembers).map(([key, member]) => (
        <JsonTree key={key} name={key} value={member} />
      ))}
      {members.length > maxMembers && <div class="member dim">{members.length - maxMembers} more</div>}
    </details>
  );
};
