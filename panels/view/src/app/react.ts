// The bundle's "react" is the App's own.
export default window.React;
export const {
  memo,
  useCallback,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} = window.React;
