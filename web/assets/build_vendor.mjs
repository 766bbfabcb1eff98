// Builds the third-party browser files into OUTDIR: `node web/assets/build_vendor.mjs static/vendor`.
// Same packages, same bytes: nothing here depends on time, paths or the order of a directory listing.
import { build } from 'esbuild';
import * as sass from 'sass';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { worldDots } from './world_dots.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.resolve(HERE, '../..');
const MODULES = path.join(ROOT, 'node_modules');
const OUT = path.resolve(process.argv[2] ?? path.join(ROOT, 'static/vendor'));

const inModules = (...parts) => path.join(MODULES, ...parts);
const write = (name, content) => fs.writeFileSync(path.join(OUT, name), content);
// collectstatic with hashed names stops at a source map it cannot find.
const withoutSourceMap = (text) => text.replace(/\/\*# sourceMappingURL=.*?\*\//g, '').replace(/\/\/# sourceMappingURL=.*/g, '');

// plotly.js with the traces the pages draw. The strict parcoords draws without the Function constructor,
// which the content security policy forbids; `scatter` comes with plotly's core.
const TRACES = ['lib/bar', 'lib/heatmap', 'src/traces/parcoords/strict', 'lib/sankey'];

async function bundlePlotly() {
  const requires = TRACES.map((trace) => `require('plotly.js/${trace}')`).join(',');
  const result = await build({
    stdin: { contents: `var P=require('plotly.js/lib/core');P.register([${requires}]);module.exports=P;`, resolveDir: ROOT },
    bundle: true,
    minify: true,
    format: 'iife',
    // Nearly all of its functions run when it loads: compiled beside the page, not in its way.
    banner: { js: '//# allFunctionsCalledOnLoad' },
    globalName: 'Plotly',
    define: { global: 'window', 'define.amd': 'false', 'process.env.NODE_DEBUG': 'false' },
    alias: { regl: '@plotly/regl', stream: 'stream-browserify', buffer: 'buffer/' },
    loader: { '.css': 'empty' },
    target: 'es2020',
    legalComments: 'none', // THIRD_PARTY.txt carries every licence in full
    absWorkingDir: ROOT,
    metafile: true,
    outfile: path.join(OUT, 'plotly.js'),
  });
  fs.copyFileSync(inModules('plotly.js/dist/plotly.css'), path.join(OUT, 'plotly.css'));
  return packagesOf(Object.keys(result.metafile.inputs));
}

function packagesOf(files) {
  const names = files
    .map((file) => file.split('node_modules/').pop())
    .filter((file, index) => files[index].includes('node_modules/'))
    .map((file) => file.split('/').slice(0, file.startsWith('@') ? 2 : 1).join('/'));
  return [...new Set(names)];
}

function compileTabler() {
  const { css } = sass.compile(path.join(HERE, 'tabler.scss'), {
    style: 'compressed',
    loadPaths: [MODULES],
    quietDeps: true,
    logger: sass.Logger.silent,
  });
  // For what follows "legend + *" browsers style the whole page anew whenever anything is added; base.css says the same.
  const rules = withoutSourceMap(css).replace('legend+*{clear:left}', '');
  // Tabler's published CSS prefixes its custom properties; its sources do not.
  write('tabler.css', rules.replace(/--(?=[a-z])/g, '--tblr-'));
}

function buildIcons() {
  const wanted = fs.readFileSync(path.join(HERE, 'icons.txt'), 'utf8').split(/\s+/).filter(Boolean);
  const symbols = wanted.map((icon) => {
    const [name, style] = icon.split(':');
    const source = fs.readFileSync(inModules('@tabler/icons/icons', style ?? 'outline', `${name}.svg`), 'utf8');
    const body = source
      .replace(/<!--[\s\S]*?-->/g, '')
      .match(/<svg[\s\S]*?>([\s\S]*)<\/svg>/)[1]
      .replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*\/>/, '')
      .replace(/\s*\n\s*/g, '');
    return `<symbol id="${name}${style ? `-${style}` : ''}" viewBox="0 0 24 24">${body}</symbol>`;
  });
  write('icons.svg', `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>`);
}

function copyHtmx() {
  for (const [from, to] of [['dist/htmx.min.js', 'htmx.js'], ['dist/ext/hx-sse.min.js', 'hx-sse.js']]) {
    write(to, withoutSourceMap(fs.readFileSync(inModules('htmx.org', from), 'utf8')));
  }
}

// Some packages name the MIT licence without shipping its text, which has to go with every copy.
const MIT = (holder) => `MIT License

Copyright (c) ${holder}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

function licenceText(name) {
  const folder = inModules(name);
  const { version, license, author } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const file = fs.readdirSync(folder).sort().find((entry) => /^(licen[cs]e|copying|mit-license)/i.test(entry));
  if (!file && license !== 'MIT') throw new Error(`${name} ${version} comes without a licence text`);
  const holder = (typeof author === 'string' ? author : author?.name) ?? `the authors of ${name}`;
  const text = file ? fs.readFileSync(path.join(folder, file), 'utf8').trim() : MIT(holder);
  return `${name} ${version}\n\n${text}\n`;
}

function writeLicences(packages) {
  const sections = [...new Set(packages)].sort().map(licenceText);
  const worldNote = 'The dotted world map is drawn from Natural Earth land outlines (public domain), through world-atlas.\n';
  write('THIRD_PARTY.txt', `Third-party software in this folder\n\n${worldNote}\n${sections.join(`\n${'-'.repeat(78)}\n\n`)}`);
}

fs.rmSync(OUT, { recursive: true, force: true });
fs.mkdirSync(OUT, { recursive: true });
const bundled = await bundlePlotly();
compileTabler();
buildIcons();
copyHtmx();
write('worlddots.json', JSON.stringify(worldDots(JSON.parse(fs.readFileSync(inModules('world-atlas/land-110m.json'), 'utf8')))));
writeLicences([...bundled, '@tabler/core', '@tabler/icons', '@fontsource-variable/inter', 'world-atlas', 'htmx.org']);
