import { useCallback, useRef } from "react";
import { placeOf } from "../keyboard/viewerPlaces.ts";

export interface SampleViewer {
  isOpen: boolean;
  /** The id of the sample, frame or label that it shows. */
  shownId: string | null;
  close: () => void;
}

/** The App's sample viewer. */
export function useSampleViewer(): SampleViewer {
  const isOpen = Boolean(window.recoil.useRecoilValue(window.__fos__.isModalActive));
  const shown = window.recoil.useRecoilValue(window.__fos__.modalSelector);
  return { isOpen, shownId: shown?.id ?? null, close: window.__fos__.useClearModal() };
}

/** Shows one of some results in the sample viewer, which goes on in their order. */
export type ShowInViewer = (ids: string[], id: string) => Promise<void>;

export function useShowInViewer(): ShowInViewer {
  const hooks = {
    setNavigation: window.__fos__.useSetModalState(),
    show: window.__fos__.useSetExpandedSample(),
  };
  const latest = useRef(hooks);
  latest.current = hooks;
  return useCallback<ShowInViewer>(async (ids, id) => {
    const { setNavigation, show } = latest.current;
    let place = ids.indexOf(id);
    const move = async (count: number) => {
      place = Math.max(0, Math.min(ids.length - 1, place + count));
      return placeOf(ids, place);
    };
    await setNavigation({
      next: (count = 1) => move(count),
      previous: (count = 1) => move(-count),
      peek: async () => null,
    });
    await show(placeOf(ids, place));
  }, []);
}

/** The address of an image, for any storage and any way to reach the App. */
export function mediaUrl(path: string | null): string {
  return window.__fos__.getSampleSrc(path);
}
