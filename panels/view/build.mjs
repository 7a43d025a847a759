// Bundles src/ into ../dist/index.umd.js. The first line carries a hash of the sources, so that a
// test can tell, without Node, whether the committed bundle is theirs.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const hash = createHash("sha256");
for (const name of readdirSync(join(here, "src")).sort()) {
  hash.update(name).update(readFileSync(join(here, "src", name)));
}

await build({
  entryPoints: [join(here, "src", "index.jsx")],
  outfile: join(here, "..", "dist", "index.umd.js"),
  bundle: true,
  format: "iife",
  minify: true,
  target: "es2020",
  // React and the App's own modules are globals of the page.
  jsxFactory: "React.createElement",
  jsxFragment: "React.Fragment",
  banner: { js: `// sources: ${hash.digest("hex")}` },
});
