// Bundles the pages' own modules and styles, once they are collected: `node web/assets/bundle.mjs FOLDER`, where FOLDER
// holds js/, css/ and vendor/ as static/ does. What no other file imports is an entry, so a new file needs no line here;
// what a module imports lazily becomes a file that is fetched when it is needed. Styles replace their source, and modules
// stand beside it under a name with the hash of what they hold. Prints {"modules": {source: bundle}, "written": [...],
// "merged": [...]}: the last two are all bundles of modules, and the styles that are part of another one.
import { build } from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';

const FOLDER = path.resolve(process.argv[2]);
const IMPORT = { js: /(?:from|import)\s*\(?\s*['"]\.\/([^'"]+)['"]/g, css: /@import\s+(?:url\()?['"]\.?\/?([^'"]+)['"]/g };
const SHARED = { bundle: true, minify: true, target: 'esnext', legalComments: 'none', logLevel: 'warning', absWorkingDir: FOLDER };

function filesOf(kind) {
  // A name with a second dot is a bundle of an earlier run.
  const names = fs.readdirSync(path.join(FOLDER, kind)).filter((name) => /^[^.]+\.\w+$/.test(name) && name.endsWith(`.${kind}`)).sort();
  const imported = new Set();
  for (const name of names) {
    const text = fs.readFileSync(path.join(FOLDER, kind, name), 'utf8');
    for (const [, other] of text.matchAll(IMPORT[kind])) imported.add(other);
  }
  const inFolder = (name) => `${kind}/${name}`;
  return {
    entries: names.filter((name) => !imported.has(name)).map(inFolder),
    imported: names.filter((name) => imported.has(name)).map(inFolder),
  };
}

const styles = filesOf('css');
await build({ ...SHARED, entryPoints: styles.entries, outdir: 'css', allowOverwrite: true, external: ['*.woff2'] });

// Each entry is bundled by itself: a file that two bundles share would be one more request, after the first has come. So a
// module that two entries import is in both, and must hold nothing that has to be there once.
const outputs = [], entriesOf = new Map();
for (const entry of filesOf('js').entries) {
  const { metafile } = await build({
    ...SHARED,
    entryPoints: [entry],
    outdir: 'js',
    entryNames: '[name].[hash]',
    chunkNames: '[name].[hash]',
    format: 'esm',
    splitting: true,
    metafile: true,
  });
  outputs.push(...Object.entries(metafile.outputs));
  for (const source of Object.keys(metafile.inputs)) entriesOf.set(source, [...(entriesOf.get(source) ?? []), entry]);
}
for (const [source, entries] of entriesOf) {
  const isTwice = entries.length > 1 && fs.readFileSync(path.join(FOLDER, source), 'utf8').includes('addEventListener');
  if (isTwice) throw new Error(`${source} listens to events and would do so twice: in ${entries.join(' and ')}`);
}
const modules = Object.fromEntries(outputs.filter(([, { entryPoint }]) => entryPoint).map(([name, { entryPoint }]) => [entryPoint, name]));
process.stdout.write(JSON.stringify({ modules, written: [...new Set(outputs.map(([name]) => name))], merged: styles.imported }));
