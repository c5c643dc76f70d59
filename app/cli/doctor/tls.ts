import net from 'node:net';
import tls from 'node:tls';
import { failed, ok, warning, type Outcome } from './finding.ts';
import { addressOf, causeOf, limitMs, within, withCode, type Server } from './server.ts';

/** Time before its end from which on a certificate is warned about, milliseconds. */
const soonMs = 14 * 86_400_000;

/** Certificate of a server, and why it is not trusted. */
interface Shown {
  /** `undefined` if it is trusted. */
  readonly fault: string | undefined;
  readonly certificate: tls.PeerCertificate;
}

/** Does a TLS handshake, whatever the certificate. @throws If the port does not speak TLS. */
const handshake = async ({ host, port, ca, serverName }: Server): Promise<Shown> => {
  const name = serverName ?? (net.isIP(host) === 0 ? host : undefined);
  const socket = tls.connect({
    host,
    port,
    rejectUnauthorized: false,
    ...(name !== undefined && { servername: name }),
    ...(ca && { ca: [...ca] }),
  });
  try {
    const secured = new Promise<void>((resolve, reject) =>
      socket
        .once('secureConnect', resolve)
        .once('error', reject)
        .once('close', () => reject(withCode('ECONNRESET'))),
    );
    await within(secured, limitMs, () => withCode('ETIMEDOUT'));
    const fault = socket.authorized ? undefined : String(socket.authorizationError);
    return { fault, certificate: socket.getPeerCertificate() };
  } finally {
    socket.on('error', () => undefined).destroy();
  }
};

const maxNames = 300;

const namesIn = ({ subjectaltname, subject }: tls.PeerCertificate): string =>
  (subjectaltname?.replaceAll('DNS:', '').replaceAll('IP Address:', '') ?? [subject.CN].flat().join(', ')).slice(
    0,
    maxNames,
  );

const certificateFailure = (server: Server, { fault = '', certificate }: Shown): Outcome<never> => {
  const at = addressOf(server);
  const { valid_from: from, valid_to: to, issuer } = certificate;
  if (fault === 'CERT_HAS_EXPIRED') {
    return failed(
      `The certificate of ${at} has expired, or one above it: it is valid until ${to}.`,
      "Have the server's certificate renewed; check this machine's clock.",
    );
  }
  if (fault === 'CERT_NOT_YET_VALID') {
    return failed(
      `The certificate of ${at} is not valid yet, or one above it: it is from ${from}.`,
      "Set this machine's clock, or have the certificate issued anew.",
    );
  }
  if (fault === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return failed(
      `The certificate of ${at} is for another name: ${namesIn(certificate)}.`,
      `Set ${server.variables} to a name of the certificate, or have one issued for ${server.serverName ?? server.host}.`,
    );
  }
  const authority = [issuer.CN ?? issuer.O ?? 'an authority without a name'].flat().join(', ').slice(0, maxNames);
  return failed(
    `The certificate of ${at} is not trusted here (${fault}): ${authority} issued it.`,
    'Trust its authority: NODE_EXTRA_CA_CERTS=FILE for all connections; for MQTT also the option mqtt.tls of the program, and --ca FILE here.',
  );
};

/** Checks the certificate of a server that is used with TLS. */
export const tlsCheck = async (server: Server): Promise<Outcome<Server>> => {
  if (!server.isSecure) return ok('not used on this port', server);
  let shown: Shown;
  try {
    shown = await handshake(server);
  } catch (thrown) {
    return failed(`${addressOf(server)} does not speak TLS (${causeOf(thrown)}).`, server.withoutTls);
  }
  if (shown.fault !== undefined) return certificateFailure(server, shown);
  const { valid_to: to } = shown.certificate;
  const leftMs = Date.parse(to) - Date.now();
  if (leftMs > soonMs) return ok(`the certificate is trusted, until ${to}`, server);
  return warning(`The certificate of ${addressOf(server)} expires soon, on ${to}.`, 'Have it renewed.', server);
};

/** Whether a port speaks TLS though it is used without. */
export const speaksTls = (server: Server): Promise<boolean> =>
  handshake(server).then(
    () => true,
    () => false,
  );
