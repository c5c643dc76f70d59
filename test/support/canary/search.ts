/** Shortest secret that is searched for: shorter ones are words that occur by themselves. */
const minLength = 8;

/** What base64 shows of a text at each of the three places where it may stand in the encoded whole. */
const base64Forms = (text: string): string[] => {
  const bytes = Buffer.from(text);
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const isShared = ((before + bytes.length) * 8) % 6 !== 0;
    return encoded.slice(Math.ceil((before * 8) / 6), isShared ? -1 : undefined);
  });
};

/** The forms in which a secret must show nowhere, by the name of the encoding. */
export const formsOf = (secret: string): readonly (readonly [encoding: string, form: string])[] => [
  ['plain', secret],
  ['lower case', secret.toLowerCase()],
  ['percent-encoded', encodeURIComponent(secret)],
  ['JSON', JSON.stringify(secret).slice(1, -1)],
  ...base64Forms(secret).flatMap((form): [string, string][] => [
    ['base64', form],
    ['base64url', form.replaceAll('+', '-').replaceAll('/', '_')],
    ['percent-encoded base64', encodeURIComponent(form)],
  ]),
];

/** A secret that was found. */
export interface Leak {
  readonly encoding: string;
  /** The beginning of the secret. */
  readonly secret: string;
  /** The text around it. */
  readonly around: string;
}

/** Creates the search for secrets in texts. */
export const searchFor = (secrets: Iterable<string>): ((text: string) => Leak[]) => {
  /** Forms by their beginning, so that thousands of secrets cost one look at each place. */
  const forms = new Map<string, { form: string; encoding: string; secret: string }[]>();
  for (const secret of new Set(secrets)) {
    if (secret.length < minLength) continue;
    for (const [encoding, form] of formsOf(secret)) {
      const start = form.slice(0, minLength);
      const known = forms.get(start) ?? [];
      if (!known.some((one) => one.form === form)) forms.set(start, [...known, { form, encoding, secret }]);
    }
  }
  return (text) => {
    const leaks: Leak[] = [];
    for (let at = 0; at < text.length; at += 1) {
      for (const { form, encoding, secret } of forms.get(text.slice(at, at + minLength)) ?? []) {
        if (!text.startsWith(form, at)) continue;
        leaks.push({ encoding, secret: secret.slice(0, minLength), around: text.slice(Math.max(0, at - 80), at + 20) });
      }
    }
    return leaks;
  };
};
