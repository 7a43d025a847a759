// Code that only some pages need, in files of its own beside the bundle.

/** The files and their hashes, by name; set by build.mjs. */
declare const CHUNKS: Record<"cloud", string>;

const bundle = document.currentScript instanceof HTMLScriptElement ? document.currentScript.src : "";

/** Loads a file, once. */
export async function loadChunk<Module>(name: keyof typeof CHUNKS): Promise<Module> {
  return (await import(new URL(CHUNKS[name], bundle || location.href).href)) as Module;
}
