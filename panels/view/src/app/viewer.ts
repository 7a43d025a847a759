export interface SampleViewer {
  isOpen: boolean;
  close: () => void;
}

/** Whether the App's sample viewer is open, and a function that closes it. */
export function useSampleViewer(): SampleViewer {
  const isOpen = Boolean(window.recoil.useRecoilValue(window.__fos__.isModalActive));
  return { isOpen, close: window.__fos__.useClearModal() };
}

/** The address of an image, for any storage and any way to reach the App. */
export function mediaUrl(path: string | null): string {
  return window.__fos__.getSampleSrc(path);
}
