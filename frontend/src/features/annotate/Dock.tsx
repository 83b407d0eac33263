import type { Assignment } from "@/api/types";
import type { Command } from "@/lib/commands";
import { Key } from "@/components/Key";

import { CommandButton } from "./CommandButton";
import { CommentPanel } from "./CommentPanel";
import type { DockPanel } from "./Desk";
import classes from "./Dock.module.css";
import { isPair, keysOf, letter, type Draft } from "./judgment";
import { PairScale } from "./PairScale";
import { SkipPanel } from "./SkipPanel";

interface Props {
  assignment: Assignment;
  draft: Draft;
  commands: readonly Command[];
  focus: number;
  panel: DockPanel;
  correcting: boolean;
  askedOrder: boolean;
  onPanel: (panel: DockPanel) => void;
  onComment: (comment: string) => void;
  onSkip: (reason: string) => void;
}

/** What is said, always at the same place: the bottom edge. */
export function Dock(props: Props) {
  const { assignment, draft, commands, focus, panel, correcting, askedOrder } = props;
  const named = (id: string) => commands.find((command) => command.id === id);
  const verdict = isPair(assignment) ? draft.choice : draft.verdict;
  const submit = named("submit");
  const hint = askedOrder
    ? "This is the order they were shown in. Submit again if you mean it."
    : missing(assignment, draft);
  return (
    <section className={classes.dock} aria-label="Your judgment">
      <div className={classes.inner}>
        {panel === "skip" ? <SkipPanel onSkip={props.onSkip} onClose={() => props.onPanel(null)} /> : null}
        {panel === "comment" ? (
          <CommentPanel comment={draft.comment} onChange={props.onComment} onClose={() => props.onPanel(null)} />
        ) : null}
        {isPair(assignment) ? (
          <PairScale assignment={assignment} choice={draft.choice} commands={commands} />
        ) : (
          <PlaceRow assignment={assignment} draft={draft} focus={focus} commands={commands} />
        )}
        <div className={classes.row}>
          <div className={classes.left}>
            <CommandButton command={named("both_bad")} pressed={verdict === "both_bad"} />
            <CommandButton command={named("both_good")} pressed={verdict === "both_good"} />
            <CommandButton command={named("comment")} text={draft.comment ? "Reason ✓" : "Reason"} pressed={panel === "comment"} />
            <CommandButton command={named("skip")} pressed={panel === "skip"} />
          </div>
          <p className={classes.hint}>{hint}</p>
          <div className={classes.right}>
            <CommandButton command={named(correcting ? "leave_correction" : "undo")} text={correcting ? "Leave" : "Undo"} />
            {submit ? (
              <button
                type="button"
                className={classes.submit}
                disabled={!submit.enabled}
                onMouseDown={(event) => event.preventDefault()}
                onClick={submit.perform}
              >
                {correcting ? "Replace" : "Submit"} <Key name="Enter" />
              </button>
            ) : null}
          </div>
        </div>
      </div>
    </section>
  );
}

function missing(assignment: Assignment, draft: Draft): string {
  if (isPair(assignment) || draft.verdict !== "none") return "";
  const left = keysOf(assignment)
    .map((key, index) => ({ key, name: letter(index) }))
    .filter(({ key }) => draft.places[key] === undefined);
  if (left.length === 0) return "";
  return left.length === assignment.responses.length ? "" : `Still to place: ${left.map(({ name }) => name).join(", ")}`;
}

interface PlaceRowProps {
  assignment: Assignment;
  draft: Draft;
  focus: number;
  commands: readonly Command[];
}

/** The places for the response that has the focus. */
function PlaceRow({ assignment, draft, focus, commands }: PlaceRowProps) {
  const places = commands.filter((command) => command.id.startsWith("place:"));
  const at = draft.places[keysOf(assignment)[focus] ?? ""];
  return (
    <div className={classes.places} role="group" aria-label={`Place of response ${letter(focus)}`}>
      <span className={classes.placesLabel}>
        <b>{letter(focus)}</b> goes to
      </span>
      {places.map((command, index) => (
        <button
          key={command.id}
          type="button"
          className={classes.place}
          aria-label={command.label}
          aria-pressed={at === index + 1}
          onMouseDown={(event) => event.preventDefault()}
          onClick={command.perform}
        >
          {index + 1}
        </button>
      ))}
      <span className={classes.placesEnd}>best first, equal places tie</span>
    </div>
  );
}
