const MAX_MEGABYTES = 20;

/**
 * Reads an image that a person chose or dropped.
 *
 * @returns a promise of {name, type, size, content, url}; rejects with a sentence to show
 */
export function readUpload(file) {
  return new Promise((resolve, reject) => {
    if (!file.type.startsWith("image/")) {
      reject(`${file.name} is not an image; choose a JPEG, PNG or WebP file.`);
    } else if (file.size > MAX_MEGABYTES * 2 ** 20) {
      const megabytes = Math.round(file.size / 2 ** 20);
      reject(`${file.name} has ${megabytes} MB; choose an image of at most ${MAX_MEGABYTES} MB.`);
    } else {
      const reader = new FileReader();
      reader.onerror = () => reject(`${file.name} could not be read; choose it again.`);
      reader.onload = () =>
        resolve({
          name: file.name,
          type: file.type,
          size: file.size,
          url: reader.result,
          content: reader.result.slice(reader.result.indexOf(",") + 1),
        });
      reader.readAsDataURL(file);
    }
  });
}
