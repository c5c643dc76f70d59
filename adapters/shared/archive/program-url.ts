import { FirmwareError } from '../../../services/errors.ts';

/** Rules for program links. */
export interface LinkPolicy {
  /** Whether `http:` is allowed too. */
  readonly allowHttp: boolean;
  /** Allowed hosts, each `name` or `name:port`; all if omitted. Applies to redirects too. */
  readonly hosts?: readonly string[];
}

/** A checked link. */
export interface ProgramLink {
  /** Address without the fragment. */
  readonly url: URL;
  /** Digest in the fragment, in lower case. */
  readonly sha256?: string;
}

const linkRefused = (why: string) => new FirmwareError('link', `The firmware's link was refused: ${why}.`);

/** Checks an address, also of a redirect, against the policy. @throws {FirmwareError} `link` */
export const checkAddress = (url: URL, { allowHttp, hosts }: LinkPolicy): void => {
  const isAllowed = url.protocol === 'https:' || (url.protocol === 'http:' && allowHttp);
  if (!isAllowed) throw linkRefused(`${url.protocol} is not allowed. Give an https link, or set update.allowHttp`);
  if (url.username !== '' || url.password !== '') throw linkRefused('it holds a password. Leave that out');
  if (hosts === undefined || hosts.some((host) => [url.host, url.hostname].includes(host.toLowerCase()))) return;
  throw linkRefused(`${url.host} is not in update.hosts. Add it there, or give another link`);
};

/** Reads a link and checks it against the policy. @throws {FirmwareError} `link` */
export const readLink = (link: string, policy: LinkPolicy): ProgramLink => {
  if (!URL.canParse(link)) throw linkRefused('it is no address');
  const url = new URL(link);
  checkAddress(url, policy);
  const { hash } = url;
  url.hash = '';
  if (!hash.startsWith('#sha256=')) return { url };
  const sha256 = hash.slice('#sha256='.length).toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw linkRefused('its sha256 is not one of 64 hexadecimal digits');
  return { url, sha256 };
};
