import { useEffect, useRef, useViewer } from "./app.js";

// These outlive the page's component: the id of the result whose focus the sample viewer has; what
// had the focus when the component went, and when that was; and when a person last pressed anything.
let lent = null;
let kept = null;
let goneAt = 0;
let pressedAt = 0;

for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, (event) => (pressedAt = event.timeStamp), true);
}

/**
 * Takes the focus to the line where a person opened the panel, and back to where it was where the App
 * made the panel anew; keeps it in the panel when what has it goes away, such as a menu that closes
 * after its work: the keys would otherwise be the App's from then on.
 */
export function useKeptFocus(root) {
  const viewer = useViewer();
  useLentFocus(root, viewer);
  useEffect(() => {
    const { activeElement } = document;
    const isWanted = root.current.contains(activeElement) || activeElement.matches("input, textarea");
    if (isWanted || viewer.isOpen) return;
    if (pressedAt > goneAt) root.current.querySelector(".ffs-query").focus();
    else if (kept) (root.current.querySelector(kept) || root.current).focus();
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
      goneAt = performance.now();
      kept = last && selectorOf(last.dataset);
    };
  }, [root]);
}

function selectorOf({ cy, id }) {
  return `[data-cy="${cy}"]${id ? `[data-id="${id}"]` : ""}`;
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
