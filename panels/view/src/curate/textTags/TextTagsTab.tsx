import React, { useRef } from "react";
import { isFailure } from "../../app/server.ts";
import type { TextTagRow, TextTagsRun } from "../../generated.ts";
import { useFrameImages } from "../../state/useFrameImages.ts";
import { RestoreGrid } from "../shared/RestoreGrid.tsx";
import { useGrid } from "../shared/useGrid.ts";
import {
  savedTags,
  TEXT_TAGS_FORM,
  textTagsText,
  type TextTagsForm as Form,
  toggledTag,
} from "../state/textTags.ts";
import { type Curate, usePages } from "../state/useCurate.ts";
import { useTabState } from "../state/useTabState.ts";
import { Questions } from "./Questions.tsx";
import { SaveTags } from "./SaveTags.tsx";
import { TagItem } from "./TagItem.tsx";
import { TextTagsForm } from "./TextTagsForm.tsx";
import { MoreButton } from "../shared/MoreButton.tsx";

const PAGE = 20;

/** Finds samples by texts, asks a person about them, and tags them. */
export function TextTagsTab({ curate }: { curate: Curate }) {
  const run = curate.state?.text_tags ?? null;
  const [form, change] = useTabState(curate, "text_tags", TEXT_TAGS_FORM);
  return (
    <>
      <TextTagsForm {...{ curate, form, change }} />
      {run ? (
        <Results key={run.id} {...{ curate, run, form, change }} />
      ) : (
        <p className="ffs-note" data-cy="curate-nothing">
          {curate.view.runs.text_tags
            ? "The server was restarted, so its result is gone: find samples again. Saved tags and " +
              "fields are kept; answers that were not saved are lost."
            : "Enter texts to find the samples that show them. Each text has a threshold of its " +
              "own, and the result says which texts are absent. Nothing is changed before you save."}
        </p>
      )}
    </>
  );
}

interface ResultsProps {
  curate: Curate;
  run: TextTagsRun;
  form: Form;
  change: (part: Partial<Form>) => void;
}

function Results({ curate, run, form, change }: ResultsProps) {
  const { server, version, view } = curate;
  const asked = form.asked.run === run.id ? form.asked.tag : "";
  const setAsked = (tag: string) => change({ asked: { run: run.id, tag } });
  const root = useRef<HTMLOListElement>(null);
  const grid = useGrid(curate, run.patches_field);
  const pages = usePages<TextTagRow>(`${run.id}/${version}`, PAGE, async (start, count) => {
    const answer = await server("text_tags", { run: run.id, start, count });
    return isFailure(answer) ? answer.error : { items: answer.prompts, total: answer.total };
  });
  const rows = pages.items ?? [];
  const frames = useFrameImages(server, rows.flatMap(({ best }) => best.map((b) => b.file)), run);
  const saved = savedTags(rows, form, run.id);
  const show = async (tag: string) =>
    grid.take(await server("show_text_tag", { ...view.grid, run: run.id, tag }));
  const close = (tag: string) => {
    setAsked("");
    const item = root.current?.querySelector(`[data-tag="${CSS.escape(tag)}"]`);
    item?.querySelector<HTMLElement>('[data-cy="curate-ask"]')?.focus();
  };
  return (
    <section aria-label="Tags by text">
      <p className="ffs-curate-summary" data-cy="curate-summary" role="status">
        {textTagsText(run)}
        {run.notes.length > 0 && <span className="ffs-note">{run.notes.join(" ")}</span>}
      </p>
      <SaveTags {...{ curate, run, form, change }} tags={saved} />
      {grid.isShown && <RestoreGrid restore={grid.restore} />}
      {pages.error && (
        <p className="ffs-error" role="alert" data-cy="curate-error">
          {pages.error}
        </p>
      )}
      <ol ref={root} className="ffs-curate-groups" data-cy="curate-text-tags">
        {rows.map((row) => (
          <TagItem
            key={row.tag}
            {...{ run, row, frames }}
            isSaved={saved.includes(row.tag)}
            isAsking={asked === row.tag}
            toggle={() => change({ excluded: toggledTag(form, run.id, row.tag) })}
            show={() => void show(row.tag)}
            ask={() => setAsked(asked === row.tag ? "" : row.tag)}
          >
            {asked === row.tag && (
              <Questions
                {...{ curate, run, row }}
                answers={form.answers}
                setAnswers={(answers) => change({ answers })}
                close={() => close(row.tag)}
              />
            )}
          </TagItem>
        ))}
      </ol>
      <MoreButton shown={rows.length} total={pages.total} things="texts" more={pages.more} />
    </section>
  );
}
