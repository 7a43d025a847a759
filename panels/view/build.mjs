// Bundles src/ into ../dist/index.umd.js, or into the file given as an argument, and what only some
// pages need into files beside it. The same sources and the same versions of package-lock.json give
// the same bytes on every machine.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

// The App loads the bundle with its page, so its size is limited. It loads 20 MB of its own. Three
// panels share the bundle.
const MAX_BYTES = 320_000;

// What draws the points of a map, most of it three.js: loaded when a map is shown.
const CLOUD = { entry: "src/map/cloud/index.ts", file: "map-cloud.js", maxBytes: 620_000 };

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

/** Fails if a file is too large. */
function check(file, bytes, most) {
  if (bytes > most) {
    console.error(`${file} has ${bytes} bytes; reduce it to at most ${most}.`);
    process.exit(1);
  }
  console.log(`${file}: ${bytes} bytes`);
}

const shared = { absWorkingDir: here, bundle: true, minify: true, target: "es2020", metafile: true };

const license = await readFile(join(here, "node_modules", "three", "LICENSE"), "utf8");
const cloud = join(dirname(outfile), CLOUD.file);
const { metafile: cloudFile } = await build({
  ...shared,
  entryPoints: [CLOUD.entry],
  outfile: cloud,
  format: "esm",
  legalComments: "none",
  banner: { js: `/*! This file contains three.js.\n\n${license}*/` },
});
check(cloud, Object.values(cloudFile.outputs)[0].bytes, CLOUD.maxBytes);
const hash = createHash("sha256").update(await readFile(cloud)).digest("hex").slice(0, 12);

const { metafile } = await build({
  ...shared,
  entryPoints: ["src/index.tsx"],
  outfile,
  format: "iife",
  plugins: [styleSheets],
  // The hash makes browsers load a file again that has changed.
  define: { CHUNKS: JSON.stringify({ cloud: `${CLOUD.file}?h=${hash}` }) },
  // The App provides React as a global.
  alias: { react: "./src/app/react.ts" },
  jsx: "transform",
  jsxFactory: "React.createElement",
  jsxFragment: "React.Fragment",
});
check(outfile, Object.values(metafile.outputs)[0].bytes, MAX_BYTES);
