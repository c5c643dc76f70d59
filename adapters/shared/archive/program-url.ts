import { FirmwareError } from '../../../services/errors.ts';

/** Where programs may come from. */
export interface LinkPolicy {
  /** Whether `http:` will do as well. */
  readonly allowHttp: boolean;
  /** Hosts to fetch from, each `name` or `name:port`; any when left out. Redirects are held to the list too. */
  readonly hosts?: readonly string[];
}

/** A link that may be followed. */
export interface ProgramLink {
  /** Without the fragment. */
  readonly url: URL;
  /** What the fragment asks for, in lower case. */
  readonly sha256?: string;
}

const refused = (why: string) => new FirmwareError('link', `The firmware's link was refused: ${why}.`);

/** Holds an address to the policy, also that of a redirect. @throws {FirmwareError} `link` */
export const checkAddress = (url: URL, { allowHttp, hosts }: LinkPolicy): void => {
  const isAllowed = url.protocol === 'https:' || (url.protocol === 'http:' && allowHttp);
  if (!isAllowed) throw refused(`${url.protocol} is not allowed. Give an https link, or set update.allowHttp`);
  if (url.username !== '' || url.password !== '') throw refused('it holds a password. Leave that out');
  if (hosts === undefined || hosts.some((host) => [url.host, url.hostname].includes(host.toLowerCase()))) return;
  throw refused(`${url.host} is not in update.hosts. Add it there, or give another link`);
};

/** Reads a link and holds it to the policy. @throws {FirmwareError} `link` */
export const readLink = (link: string, policy: LinkPolicy): ProgramLink => {
  if (!URL.canParse(link)) throw refused('it is no address');
  const url = new URL(link);
  checkAddress(url, policy);
  const { hash } = url;
  url.hash = '';
  if (!hash.startsWith('#sha256=')) return { url };
  const sha256 = hash.slice('#sha256='.length).toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw refused('its sha256 is not one of 64 hexadecimal digits');
  return { url, sha256 };
};
