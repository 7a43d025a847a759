import { useEffect, useRef, useViewer } from "./app.js";

// The id of the result whose focus the sample viewer has; it outlives the page's component.
let lent = null;

/**
 * Takes the focus to the line at first, and keeps it in the panel when what has it goes away, such as
 * a menu that closes after its work: the keys would otherwise be the App's from then on.
 */
export function useKeptFocus(root) {
  const viewer = useViewer();
  useLentFocus(root, viewer);
  useEffect(() => {
    const { activeElement } = document;
    const isWanted = root.current.contains(activeElement) || activeElement.matches("input, textarea");
    if (!isWanted && !viewer.isOpen) root.current.querySelector(".ffs-query").focus();
  }, [root]);
  useEffect(() => {
    const panel = root.current;
    let last = null;
    const onFocus = ({ target }) => {
      last = panel.contains(target) ? target : null;
    };
    const onPress = ({ target }) => {
      if (!panel.contains(target)) last = null;
    };
    const observer = new MutationObserver(() => {
      if (last && !last.isConnected && document.activeElement === document.body) panel.focus();
    });
    document.addEventListener("focusin", onFocus);
    document.addEventListener("pointerdown", onPress);
    observer.observe(panel, { childList: true, subtree: true });
    return () => {
      document.removeEventListener("focusin", onFocus);
      document.removeEventListener("pointerdown", onPress);
      observer.disconnect();
    };
  }, [root]);
}

/** Leaves the keys to the App's sample viewer while that is open, and takes the focus back then. */
function useLentFocus(root, viewer) {
  const close = useRef();
  close.current = viewer.close;
  useEffect(() => {
    const { activeElement } = document;
    if (viewer.isOpen && root.current.contains(activeElement)) {
      lent = activeElement.dataset.id || null;
      activeElement.blur();
    } else if (!viewer.isOpen && lent) {
      (root.current.querySelector(`.ffs-open[data-id="${lent}"]`) || root.current).focus();
      lent = null;
    }
    if (!viewer.isOpen || !lent) return undefined;
    const onKeyDown = ({ key }) => {
      // With the mouse on it, the viewer sees to the key itself, and only then.
      const isSeenTo = document.querySelector('#modal [data-cy="looker"]:hover');
      if (key === "Escape" && !isSeenTo) close.current();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [root, viewer.isOpen]);
}
