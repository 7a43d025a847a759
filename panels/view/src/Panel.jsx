import { React, useCallback, useId, useRef, useServer } from "./app.js";
import { Actions } from "./Actions.jsx";
import { Chips, useExplained } from "./Chips.jsx";
import { Compared } from "./Compare.jsx";
import { CutControl, cutOf, Divider } from "./Cut.jsx";
import { Drawer, DrawerButtons } from "./Drawers.jsx";
import { Feedback } from "./Feedback.jsx";
import { onPanelKey, unless } from "./keys.js";
import { NoIndex } from "./NoIndex.jsx";
import { Options } from "./Options.jsx";
import { isChanged, ratingsOf } from "./params.js";
import { Results, Skeletons } from "./Results.jsx";
import { SearchBar } from "./SearchBar.jsx";
import { Explanation, Hints, NothingFound, Status, Verdict } from "./Status.jsx";
import { useKeptFocus } from "./useKeptFocus.js";
import { usePictures } from "./usePictures.js";
import { useSearch } from "./useSearch.js";
import { Jobs, Lacking, useJobs } from "./Work.jsx";

/** The panel's page. */
export function Panel(props) {
  const server = useServer(props.schema.view);
  const { error, dataset, size, indexes, jobs, saved_views, others } = props.data || {};
  if (error || !indexes) return <Looking {...{ error, server }} />;
  const shared = { server, dataset, size, listed: jobs };
  if (!indexes.length) return <NoIndex key={dataset} {...shared} />;
  const rest = { indexes, views: saved_views || [], others: others || [] };
  return <Search key={dataset} {...shared} {...rest} />;
}

/** Before it is known what there is to search, or where that cannot be told. */
function Looking({ error, server }) {
  return (
    <div className="ffs-panel">
      <div className="ffs-page" data-cy="faiss-looking">
        <p className={error ? "ffs-error" : "ffs-note"} role={error ? "alert" : "status"}>
          {error || "Looking for indexes…"}
        </p>
        {error && (
          <button
            type="button"
            className="ffs-button ffs-main ffs-more"
            data-cy="faiss-again"
            onClick={() => server("refresh")}
          >
            Try again
          </button>
        )}
      </div>
    </div>
  );
}

function Search({ server, dataset, size, indexes, listed, views, others }) {
  const search = useSearch(server, dataset, indexes);
  const { found, index, status, query, drawer, update, say } = search;
  const { jobs, ask } = useJobs(server, listed, false);
  const pictures = usePictures(dataset, search);
  const explained = useExplained(server, query);
  const open = useCallback(
    async ({ id, sample_id }, elsewhere) => {
      const answer = await server("open_sample", { id, sample_id, dataset: elsewhere });
      if (answer.error) say("error", answer.error);
    },
    [server, say]
  );
  const mistake = useId();
  const root = useRef();
  useKeptFocus(root);
  const toggleHelp = () => update({ drawer: drawer === "help" ? null : "help" });
  const close = () => {
    update({ drawer: null });
    return Boolean(drawer);
  };
  const busy = status.kind === "busy";
  return (
    <div
      ref={root}
      className="ffs-panel"
      tabIndex={-1}
      onKeyDown={(event) => onPanelKey(event, { search, close, toggleHelp })}
      {...pictures.handlers}
    >
      <div className="ffs-page">
        <SearchBar {...{ search, server, pictures }} mistake={explained.error ? mistake : null} />
        <div className="ffs-under-line">
          <Chips {...{ explained, search, mistake }} />
          <DrawerButtons search={search} />
        </div>
        <div className="ffs-options">
          <UseSelection search={search} />
          <Options {...{ search, indexes, views }} />
        </div>
        <Drawer {...{ search, server, jobs, ask }} />
        <Jobs jobs={jobs} server={server} />
        {index.problem && (
          <p className="ffs-error" data-cy="faiss-problem" role="alert">
            {index.problem}
          </p>
        )}
        <Lacking {...{ index, dataset, size, jobs, server, ask, say }} />
        <Heading search={search} />
        <Verdict found={found} />
        {found && <Feedback search={search} server={server} />}
        <Actions {...{ search, server, indexes, others, dataset }} />
        <Answer {...{ search, dataset, busy, open }} />
        {!found && !busy && <Hints words={index.supports_text} />}
      </div>
    </div>
  );
}

function UseSelection({ search }) {
  const { selected, alt } = search.selection;
  const count = selected.length + alt.length;
  if (!count) return null;
  return (
    <button
      type="button"
      className="ffs-button"
      data-cy="faiss-use-selection"
      onClick={search.useSelected}
    >
      Use the {count === 1 ? "selected sample" : `${count} selected samples`}
    </button>
  );
}

/** What was searched for, what goes on or came of it, and how it was found. */
function Heading({ search }) {
  const { found, status, index } = search;
  const isOld = status.kind !== "busy" && isChanged(search, index.brain_key);
  return (
    <header className="ffs-heading">
      {found && <h3 title={found.query}>{found.query}</h3>}
      <Status status={status} />
      {isOld && (
        <span data-cy="faiss-changed">
          Settings changed –{" "}
          <button type="button" className="ffs-link" onClick={search.search}>
            Search
          </button>
        </span>
      )}
      {found && <Explanation found={found} />}
      {found && <CutControl search={search} />}
    </header>
  );
}

/** The results, and beside them those of another index. */
function Answer({ search, dataset, busy, open }) {
  const { found, compared, hidden } = search;
  if (!found) return busy ? <Skeletons /> : null;
  const { cut, isMoved, kept } = cutOf(search);
  const below = found.results.length - cut;
  return (
    <div className="ffs-columns">
      <section className="ffs-column" aria-label="Results">
        {compared && (
          <header className="ffs-heading">
            <h3>{found.brain_key}</h3>
          </header>
        )}
        <Results
          results={kept}
          total={found.results.length}
          label="Results"
          cut={hidden ? null : cut}
          divider={<Divider key="cut" isMoved={isMoved} below={below} />}
          isStale={busy && !search.paging}
          ratings={ratingsOf(search)}
          open={open}
          rate={search.rate}
        />
        {!found.results.length && <NothingFound found={found} />}
        <More search={search} busy={busy} below={below} />
      </section>
      {compared && <Compared {...{ search, dataset, open }} />}
    </div>
  );
}

function More({ search, busy, below }) {
  const { found, hidden, more, update } = search;
  if (hidden && below > 0) {
    return (
      <button
        type="button"
        className="ffs-button ffs-more"
        data-cy="faiss-cut-show"
        onClick={() => update({ hidden: false })}
      >
        Show the {below} below the cut-off
      </button>
    );
  }
  if (!found.has_more) return null;
  return (
    <button
      type="button"
      className="ffs-button ffs-more"
      data-cy="faiss-more"
      {...unless(busy, more)}
    >
      {busy && search.paging ? "Looking for more…" : "Show more"}
    </button>
  );
}
