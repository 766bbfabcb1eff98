// `npm run lock`: rewrites package-lock.json after a change of package.json, without any web address in it.
// npm writes where each package asks for donations; `npm ci` needs none of that, and checks integrity as before.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';

execFileSync('npm', ['install', '--package-lock-only'], { stdio: 'inherit' });
const lock = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'));
for (const entry of Object.values(lock.packages)) delete entry.funding;
fs.writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
