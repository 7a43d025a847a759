import { React, useRef, useState, useSelectedSamples } from "./app.js";
import { readUpload } from "./upload.js";

/** One bar for every kind of query, and under it where and how much to search. */
export function SearchBar({ search, indexes, index, setIndex, k, setK, scope, setScope }) {
  const selected = useSelectedSamples();
  const [dragging, setDragging] = useState(false);
  const picker = useRef();
  const { query, image, status } = search;
  const common = { brain_key: index.brain_key, k, scope };

  const run = () =>
    image
      ? search.search({ ...common, query_type: "image", image: withoutUrl(image) })
      : search.search({ ...common, query_type: "text", query });
  const use = async (file) => {
    if (!file) return;
    try {
      const upload = await readUpload(file);
      search.update({ image: upload, query: "" });
      search.search({ ...common, query_type: "image", image: withoutUrl(upload) });
    } catch (sentence) {
      search.say("error", String(sentence));
    }
  };
  const useSelection = () =>
    search.search({ ...common, query_type: "samples", sample_ids: selected });
  const onDrop = (event) => {
    event.preventDefault();
    setDragging(false);
    use(event.dataTransfer.files[0]);
  };
  const wordless = !index.supports_text;

  return (
    <form
      className="ffs-bar"
      onSubmit={(event) => {
        event.preventDefault();
        run();
      }}
    >
      <div
        className={dragging ? "ffs-line ffs-dragging" : "ffs-line"}
        onDragOver={(event) => {
          event.preventDefault();
          setDragging(true);
        }}
        onDragLeave={() => setDragging(false)}
        onDrop={onDrop}
      >
        {image && <Chip image={image} drop={() => search.update({ image: null })} />}
        <input
          className="ffs-query"
          data-cy="faiss-query"
          aria-label="What to look for"
          placeholder={wordless ? "This index has no words: use an image" : placeholder(image)}
          value={query}
          disabled={wordless || Boolean(image)}
          onChange={(event) => search.update({ query: event.target.value })}
          autoFocus
        />
        <button
          type="button"
          className="ffs-icon"
          title="Search with an image: choose a file, or drop one here"
          aria-label="Choose an image to search with"
          onClick={() => picker.current.click()}
        >
          <ImageIcon />
        </button>
        <input
          ref={picker}
          type="file"
          hidden
          accept="image/*"
          data-cy="faiss-upload"
          onChange={(event) => {
            use(event.target.files[0]);
            event.target.value = "";
          }}
        />
        <button type="submit" className="ffs-button ffs-main" data-cy="faiss-search">
          {status.kind === "busy" ? "Searching…" : "Search"}
        </button>
      </div>
      <div className="ffs-options">
        {selected.length > 0 && (
          <button
            type="button"
            className="ffs-button"
            data-cy="faiss-use-selection"
            onClick={useSelection}
          >
            Use the {selected.length === 1 ? "selected sample" : `${selected.length} selected samples`}
          </button>
        )}
        <label>
          Index
          <select
            data-cy="faiss-index"
            value={index.brain_key}
            onChange={(event) => setIndex(event.target.value)}
          >
            {indexes.map((one) => (
              <option key={one.brain_key} value={one.brain_key}>
                {one.brain_key} · {one.model || "given vectors"} · {one.size.toLocaleString()}
              </option>
            ))}
          </select>
        </label>
        <label>
          k
          <input
            type="number"
            className="ffs-number"
            data-cy="faiss-k"
            value={k}
            onChange={(event) => setK(event.target.value)}
          />
        </label>
        <label>
          Search in
          <select
            data-cy="faiss-scope"
            value={scope}
            onChange={(event) => setScope(event.target.value)}
          >
            <option value="dataset">the dataset</option>
            <option value="view">the current view</option>
          </select>
        </label>
      </div>
    </form>
  );
}

function placeholder(image) {
  return image ? "" : "a red car on the highway";
}

function withoutUrl({ name, type, size, content }) {
  return { name, type, size, content };
}

function Chip({ image, drop }) {
  return (
    <span className="ffs-chip">
      <img src={image.url} alt="" />
      <span className="ffs-chip-name">{image.name}</span>
      <button type="button" aria-label="Remove the image" onClick={drop}>
        ×
      </button>
    </span>
  );
}

function ImageIcon() {
  return (
    <svg viewBox="0 0 24 24" width="20" height="20" fill="currentColor" aria-hidden="true">
      <path d="M19 5v14H5V5h14m0-2H5a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h14a2 2 0 0 0 2-2V5a2 2 0 0 0-2-2zm-4.9 8.9-3 3.9L9 13.1 6 17h12l-3.9-5.1z" />
    </svg>
  );
}
