import React from "react";

type Row = [name: string, meaning: string];

const KEYS: Row[] = [
  ["/", "go to the query line"],
  ["Enter", "search; on a result, open it"],
  ["↑", "in the empty query line: the previous query"],
  ["↓", "go from the query line to the results"],
  ["← ↑ ↓ →", "move between results"],
  ["+", "like the result"],
  ["-", "dislike the result"],
  ["r", "search again with relevance feedback"],
  ["t", "on a result: tag it and go on; else go to the tag"],
  ["Shift+T", "go to the tag"],
  ["x, Space", "select the result"],
  ["Ctrl+A", "select all results"],
  ["e", "explain why the result matches"],
  ["p", "show the result larger"],
  ["d", "show the near-duplicates of the result"],
  ["Del", "exclude the result from this query"],
  ["t, g, b", "in the sample viewer: tag and go on, like, dislike"],
  ["Esc", "close; then go to the query line"],
  ["?", "open this help"],
];

const QUERIES: Row[] = [
  ["a red car", "a text"],
  ["red car + snow", "both"],
  ['car - "traffic light"', "the first without the second"],
  ["2: forklift + person", "the first with twice the weight"],
  ["@selected", "the samples selected in the grid"],
  ["@upload", "an image that you dropped, pasted or chose"],
  ["https://…/pool.jpg", "an image on the web"],
  ["~/pool.jpg", "an image on the server"],
];

/** The keys, and how to write a query. */
export function Help() {
  return (
    <div className="ffs-help" data-cy="faiss-help-shown">
      <Table title="Keys" rows={KEYS} />
      <Table title="Queries" rows={QUERIES} />
    </div>
  );
}

function Table({ title, rows }: { title: string; rows: Row[] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl>
        {rows.map(([name, meaning]) => (
          <div key={name}>
            <dt>
              <kbd>{name}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
