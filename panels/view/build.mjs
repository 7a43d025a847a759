// Bundles src/ into ../dist/index.umd.js, or into the file given as an argument. The same sources
// and the same versions of package-lock.json give the same bytes on every machine.
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

// The App loads the bundle with its page, so its size is limited. It loads 20 MB of its own. Two
// panels share the bundle.
const MAX_BYTES = 280_000;

const BROWSERS = ["chrome110", "firefox110", "safari16"];

const here = dirname(fileURLToPath(import.meta.url));
const outfile = process.argv[2] ?? join(here, "..", "dist", "index.umd.js");

/** Imports a style sheet as its minified text. */
const styleSheets = {
  name: "style-sheets",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const css = await readFile(path, "utf8");
      const { code } = await transform(css, { loader: "css", minify: true, target: BROWSERS });
      return { contents: code, loader: "text" };
    });
  },
};

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: ["src/index.tsx"],
  outfile,
  bundle: true,
  format: "iife",
  minify: true,
  target: "es2020",
  metafile: true,
  plugins: [styleSheets],
  // The App provides React as a global.
  alias: { react: "./src/app/react.ts" },
  jsx: "transform",
  jsxFactory: "React.createElement",
  jsxFragment: "React.Fragment",
});

const [{ bytes }] = Object.values(metafile.outputs);
if (bytes > MAX_BYTES) {
  console.error(`The bundle has ${bytes} bytes; reduce it to at most ${MAX_BYTES}.`);
  process.exit(1);
}
console.log(`${outfile}: ${bytes} bytes`);
