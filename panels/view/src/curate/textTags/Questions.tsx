import React, { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { counted } from "../../format/numbers.ts";
import type { TextTagRow, TextTagsRun } from "../../generated.ts";
import { disabledIf } from "../../keyboard/disabled.ts";
import { useFrameImages } from "../../state/useFrameImages.ts";
import { FileImage } from "../shared/FileImage.tsx";
import { answerKey, nextQuestion, type TagAnswers } from "../state/textTags.ts";
import type { Curate } from "../state/useCurate.ts";
import { useRead } from "../state/useRead.ts";

interface QuestionsProps {
  curate: Curate;
  run: TextTagsRun;
  row: TextTagRow;
  answers: TagAnswers;
  setAnswers: (answers: TagAnswers) => void;
  close: () => void;
}

const NO_QUESTIONS: never[] = [];

/** Asks about ten samples whether they show what a prompt asks for, and learns from the answers. */
export function Questions({ curate, run, row, answers, setAnswers, close }: QuestionsProps) {
  const { server, take } = curate;
  const { tag, text } = row;
  const root = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState(0);
  const { answer, error } = useRead(curate, "tag_questions", { run: run.id, tag });
  const questions = answer?.questions ?? NO_QUESTIONS;
  const files = React.useMemo(() => questions.map(({ file }) => file), [questions]);
  const frames = useFrameImages(server, files, run);
  useEffect(() => root.current?.focus(), [Boolean(answer)]);
  const current = questions[Math.min(place, questions.length - 1)];
  const isOwn = answers.run === run.id && answers.tag === tag;
  const values = isOwn ? answers.values : {};
  const given = questions.filter(({ file }) => file.id in values);
  const choose = (value: boolean | null) => {
    if (!current) return;
    const { [current.file.id]: _, ...others } = values;
    const next = value === null ? others : { ...others, [current.file.id]: value };
    setAnswers({ run: run.id, tag, values: next });
    if (value !== null) setPlace(nextQuestion(questions, next, place));
  };
  const move = (step: number) =>
    setPlace(Math.max(0, Math.min(questions.length - 1, place + step)));
  const learn = async () => {
    const known = Object.fromEntries(given.map(({ file }) => [file.id, values[file.id] ?? false]));
    const isDone = take(await server("answer_questions", { run: run.id, tag, answers: known }));
    if (isDone) setAnswers({ run: "", tag: "", values: {} });
    if (isDone) close();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const { ctrlKey, metaKey, altKey, target } = event;
    const key = ctrlKey || metaKey || altKey ? null : answerKey(event.key);
    // Enter on a button clicks it.
    if (!key || (key === "learn" && (target !== root.current || !given.length))) return;
    event.preventDefault();
    event.stopPropagation();
    if (key === "yes" || key === "no") choose(key === "yes");
    else if (key === "clear") choose(null);
    else if (key === "back" || key === "next") move(key === "back" ? -1 : 1);
    else if (key === "learn") void learn();
    else close();
  };
  return (
    <div
      ref={root}
      className="ffs-curate-check ffs-curate-questions"
      role="group"
      aria-label={`Questions about “${tag}”`}
      tabIndex={-1}
      data-cy="curate-questions"
      onKeyDown={onKeyDown}
    >
      {error && (
        <p className="ffs-error" role="alert">
          {error}
        </p>
      )}
      {!answer && !error && <p role="status">Loading the questions…</p>}
      {answer && !current && <p>You have answered about all of them.</p>}
      {current && (
        <>
          <div className="ffs-curate-question-image" data-cy="curate-question-image" data-id={current.file.id}>
            <FileImage file={current.file} frame={frames.get(current.file.id) ?? null} />
          </div>
          <div className="ffs-curate-question-side">
            <p role="status" data-cy="curate-question-text">
              {place + 1} of {questions.length}: does it show <strong>{text}</strong>?
              {current.file.id in values && ` You said ${values[current.file.id] ? "yes" : "no"}.`}
            </p>
            <div className="ffs-inline">
              <AnswerButton name="yes" label="Yes (y)" value={true} chosen={values[current.file.id]} choose={choose} />
              <AnswerButton name="no" label="No (n)" value={false} chosen={values[current.file.id]} choose={choose} />
            </div>
            <p className="ffs-note ffs-curate-keys">
              <kbd>y</kbd> yes, <kbd>n</kbd> no, <kbd>←</kbd> <kbd>→</kbd> move, <kbd>u</kbd> clear,{" "}
              <kbd>Enter</kbd> learn, <kbd>Esc</kbd> close
            </p>
            <div className="ffs-inline">
              <button
                type="button"
                className="ffs-button ffs-primary"
                data-cy="curate-learn"
                {...disabledIf(!given.length, () => void learn())}
              >
                Learn from {counted(given.length, "answer")}
              </button>
              <button type="button" className="ffs-button" data-cy="curate-questions-close" onClick={close}>
                Close
              </button>
            </div>
          </div>
        </>
      )}
    </div>
  );
}

interface AnswerButtonProps {
  name: string;
  label: string;
  value: boolean;
  chosen: boolean | undefined;
  choose: (value: boolean) => void;
}

function AnswerButton({ name, label, value, chosen, choose }: AnswerButtonProps) {
  return (
    <button
      type="button"
      className="ffs-button"
      data-cy={`curate-${name}`}
      aria-pressed={chosen === value}
      onClick={() => choose(value)}
    >
      {label}
    </button>
  );
}
