/**
 * Checks that no known vulnerability is in what a user of the package installs. Says so where the registry offers no
 * audit, and fails only for what one has found.
 */
import { spawnSync } from 'node:child_process';

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8', maxBuffer: 64 * 1024 ** 2 });

const print = (line) => process.stdout.write(`${line}\n`);

/** The registry's report; `undefined` if there is none. */
const reportIn = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const report = reportIn(stdout);
const total = report?.metadata?.vulnerabilities?.total;
if (total === undefined) {
  const why = report?.message ?? report?.error?.summary ?? 'npm gave no report';
  print(`audit    NOT CHECKED: the registry gave no audit (${String(why).split('\n', 1)[0]})`);
} else if (total === 0) {
  print(`audit    ok (${report.metadata.dependencies.prod} packages)`);
} else {
  for (const { name, severity, range } of Object.values(report.vulnerabilities)) print(`${severity}: ${name} ${range}`);
  print(`audit    FAILED (${total} vulnerable packages; npm audit --omit=dev tells more)`);
  process.exitCode = 1;
}
