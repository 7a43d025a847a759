// Arrays as base64 texts, as the server sends them.

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

export function floatsOf(text: string): Float32Array {
  return new Float32Array(bytesOf(text).buffer);
}

export function codesOf(text: string): Uint8Array {
  return bytesOf(text);
}

/** Positions of points as a text of uint32 values. */
export function placesText(places: Uint32Array): string {
  const bytes = new Uint8Array(places.buffer, places.byteOffset, places.byteLength);
  const part = 0x8000;
  let binary = "";
  for (let i = 0; i < bytes.length; i += part) {
    binary += String.fromCharCode(...bytes.subarray(i, i + part));
  }
  return btoa(binary);
}
