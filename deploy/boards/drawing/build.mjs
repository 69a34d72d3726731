// Bundles the page that draws one dashboard: node build.mjs FOLDER
import { build } from 'esbuild';

await build({
  entryPoints: ['src/main.jsx'],
  outfile: `${process.argv[2]}/draw.js`,
  bundle: true,
  minify: true,
  jsx: 'automatic',
  define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
  loader: { '.woff2': 'dataurl', '.woff': 'dataurl', '.svg': 'dataurl', '.png': 'dataurl', '.ttf': 'empty' },
  logLevel: 'error',
});
