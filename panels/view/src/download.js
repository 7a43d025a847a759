/** Gives a person a file. */
export function download(name, content) {
  const url = URL.createObjectURL(new Blob([content]));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  // Not at once: the browser has yet to begin.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Puts text on the clipboard, and tells whether that was allowed. */
export async function copy(text) {
  if (!navigator.clipboard) return copyFromField(text);
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch (error) {
    if (error.name === "NotAllowedError") return copyFromField(text);
    throw error;
  }
}

// Where the App is reached by http from another machine there is no clipboard but by this way.
function copyFromField(text) {
  const focused = document.activeElement;
  const field = Object.assign(document.createElement("textarea"), { value: text });
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  focused?.focus();
  return copied;
}
