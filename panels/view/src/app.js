// What the page takes from the App, which offers its modules as globals.
export const React = window.React;
export const {
  memo,
  useCallback,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} = window.React;

/** The ids of the samples selected in the App's grid, {selected, alt}: normally, and as unwanted. */
export function useSelection() {
  const kinds = window.recoil.useRecoilValue(window.__fos__.selectedSamples);
  return useMemo(() => {
    const all = [...kinds.entries()];
    const ids = (isWanted) => all.filter(([, kind]) => isWanted(kind)).map(([id]) => id);
    return { selected: ids((kind) => kind !== "alt"), alt: ids((kind) => kind === "alt") };
  }, [kinds]);
}

/** Whether the App's sample viewer is open, and a function that closes it. */
export function useViewer() {
  const isOpen = Boolean(window.recoil.useRecoilValue(window.__fos__.isModalActive));
  return { isOpen, close: window.__fos__.useClearModal() };
}

/**
 * A function that calls a method of the panel's Python half.
 *
 * @returns (method, params) => a promise of what the method returned; `error` in it is a sentence
 */
export function useServer(methods) {
  const send = window.__foo__.usePanelEvent();
  const panelId = window.__fosp__.usePanelId();
  const latest = useRef();
  latest.current = { send, methods };
  return useCallback(
    (method, params = {}) =>
      new Promise((resolve) => {
        const { send, methods } = latest.current;
        send(panelId, {
          operator: methods[method],
          params,
          panelId,
          callback: (outcome) => resolve(answerOf(outcome)),
        });
      }),
    [panelId]
  );
}

function answerOf(outcome) {
  if (outcome?.result) return outcome.result;
  const message = outcome?.errorMessage || outcome?.error;
  return { error: message ? String(message) : "The server did not answer; is it running?" };
}

/** The address of a picture, wherever it is stored and however the App is reached. */
export function mediaUrl(path) {
  return window.__fos__.getSampleSrc(path);
}
