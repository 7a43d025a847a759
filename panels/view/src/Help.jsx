import { React } from "./app.js";

const KEYS = [
  ["/", "to the line"],
  ["Enter", "search; on a result, open it"],
  ["↑", "in the empty line: the last query"],
  ["↓", "from the line to the results"],
  ["← ↑ ↓ →", "from result to result"],
  ["+", "more like this result"],
  ["-", "less like it"],
  ["r", "search again with what you liked"],
  ["t", "to the tag"],
  ["Esc", "close; then back to the line"],
  ["?", "this help"],
];

const LINES = [
  ["a red car", "words"],
  ["red car + snow", "both"],
  ['car - "traffic light"', "one without the other"],
  ["2: forklift + person", "the first counts twice"],
  ["@selected", "the samples selected in the grid"],
  ["@upload", "a picture that you dropped, pasted or chose"],
  ["https://…/pool.jpg", "a picture on the web"],
  ["~/pool.jpg", "a picture on the server"],
];

/** The keys, and how a line is written. */
export function Help() {
  return (
    <div className="ffs-help" data-cy="faiss-help-shown">
      <Table title="Keys" rows={KEYS} />
      <Table title="The line" rows={LINES} />
    </div>
  );
}

function Table({ title, rows }) {
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
