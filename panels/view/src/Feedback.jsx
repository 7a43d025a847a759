import { React } from "./app.js";
import { ratingsOf } from "./params.js";
import { SaveSearch } from "./SaveSearch.jsx";

/** What was liked and disliked, and a search that heeds it. */
export function Feedback({ search, server }) {
  const { found, rerank, update } = search;
  const { liked, disliked } = ratingsOf(search);
  if (!liked.length && !disliked.length) return null;
  const parts = [
    liked.length && `${liked.length} liked`,
    disliked.length && `${disliked.length} ${liked.length ? "not" : "not liked"}`,
  ];
  return (
    <div className="ffs-feedback" data-cy="faiss-feedback">
      <span role="status">{parts.filter(Boolean).join(", ")}</span>
      <button
        type="button"
        className="ffs-button ffs-main"
        data-cy="faiss-rerank"
        title="Key: r"
        onClick={rerank}
      >
        Search again with this
      </button>
      <button
        type="button"
        className="ffs-button"
        data-cy="faiss-forget"
        onClick={() => update({ rated: found.params.query, liked: [], disliked: [] })}
      >
        Forget feedback
      </button>
      <SaveSearch search={search} server={server} />
    </div>
  );
}
