/** Copies text to the clipboard, and tells whether the browser allowed that. */
export async function copyText(text: string): Promise<boolean> {
  if (!navigator.clipboard) return copyFromTextArea(text);
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotAllowedError") {
      return copyFromTextArea(text);
    }
    throw error;
  }
}

// Over plain http from another machine, browsers offer no other clipboard.
function copyFromTextArea(text: string): boolean {
  const focused = document.activeElement;
  const area = Object.assign(document.createElement("textarea"), { value: text });
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return isCopied;
}
