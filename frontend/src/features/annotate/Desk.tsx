import { plural, t } from "@lingui/core/macro";
import { useEffect, useEffectEvent, useState, type Dispatch, type SetStateAction } from "react";

import type { Assignment, Project } from "@/api/types";
import { later } from "@/lib/later";
import { setPreference, usePreferences } from "@/lib/preferences";
import { useCommands } from "@/lib/useCommands";

import { deskCommands, type Toggled } from "./commands";
import classes from "./Desk.module.css";
import { DeskNotes } from "./DeskNotes";
import { Dock } from "./Dock";
import { EditPane } from "./EditPane";
import { GuidelinesPane } from "./GuidelinesPane";
import {
  editable,
  inWords,
  isPair,
  isWriting,
  keysOf,
  lastWords,
  letter,
  owed,
  repeatsShownOrder,
  score,
  toSaid,
  type Draft,
  type PairChoice,
} from "./judgment";
import { Passages } from "./Passages";
import { PromptPane } from "./PromptPane";
import { Responses } from "./Responses";
import { focusScores, Scores } from "./Scores";
import { pickedNow, selectFirstWord, usePicked } from "./selection";
import { mark, marks } from "./spans";
import type { Ranking, SkipWhy } from "./useRanking";
import { Veil } from "./Veil";
import { WritingPane } from "./WritingPane";

// Places are given by key as well: the desk works without them.
const Places = later(() => import("./Places").then((module) => module.Places), () => null);

export type DockPanel = "skip" | "comment" | null;

interface Props {
  project: Project;
  ranking: Ranking;
  assignment: Assignment;
  announce: Dispatch<SetStateAction<string>>;
}

/** One task: what is read, and what is said about it. Mounted anew for each task. */
export function Desk({ project, ranking, assignment, announce }: Props) {
  const { draft, session } = ranking;
  const { auto_submit, markdown, width, density } = usePreferences();
  const [focus, setFocus] = useState(0);
  const [panel, setPanel] = useState<DockPanel>(null);
  const [wholePrompt, setWholePrompt] = useState(false);
  const [guidelines, setGuidelines] = useState(false);
  const [askedOrder, setAskedOrder] = useState(false);
  const [editing, setEditing] = useState(false);
  const [comparing, setComparing] = useState(false);
  const [picked, unpick] = usePicked(assignment, marks(assignment) && !ranking.veiled);
  const pair = isPair(assignment);
  const writing = isWriting(assignment);
  const { protocol } = assignment;
  const { veiled } = ranking;
  const winner = protocol.edit === "off" ? null : editable(draft, assignment, focus);
  const correcting = session.correcting !== null;
  const takenBack = session.takenBack.includes(assignment.id) && !correcting;

  const change = (next: Draft) => {
    setAskedOrder(false);
    ranking.setDraft(next);
    if (!pair && !writing) announce(placesInWords(next, assignment));
  };

  /** What beside the ranking has changed leaves the ranking as it was said. */
  const note = (next: Draft) => ranking.setDraft(next);

  const edit = (text: string) => winner && note({ ...draft, edit: { key: winner, text } });

  const leaveEdit = () => {
    setEditing(false);
    note({ ...draft, edit: null });
  };

  /** Opens the place where something is still to be said. */
  const lead = (to: NonNullable<ReturnType<typeof owed>>) => {
    if (to.where === "reasons") setPanel("comment");
    else if (to.where === "scores") focusScores();
    else if (to.where === "edit") setEditing(true);
    if (to.what) announce(`${to.what}.`);
  };

  const submit = (final: Draft) => {
    const said = toSaid(final, assignment);
    if (!said) return;
    const left = owed(final, assignment);
    if (left) {
      lead(left);
      return;
    }
    if (repeatsShownOrder(said, assignment) && !askedOrder) {
      setAskedOrder(true);
      announce(t`This is the order they were shown in. Press Enter again if you mean it.`);
      return;
    }
    if (ranking.submit(final)) announce(correcting ? t`Correction kept.` : t`Kept.`);
  };

  const choose = (choice: PairChoice, settled: boolean) => {
    const next = { ...draft, choice };
    change(next);
    if (settled && auto_submit && !correcting) submit(next);
    else announce(t`${inWords(choice, assignment.protocol.strength)}. Press Enter to submit.`);
  };

  const skip = (why: SkipWhy) => {
    ranking.skip(why);
    announce(t`Skipped.`);
  };

  const toggle = (what: Toggled) => {
    if (what === "skip" && (protocol.skip_reason === "off" || veiled)) skip({});
    else if (what === "edit") setEditing(true);
    else if (what === "guidelines") setGuidelines((shown) => !shown);
    else if (what === "prompt") setWholePrompt((shown) => !shown);
    else if (what === "diff") setComparing((shown) => !shown);
    else if (what === "pause") ranking.pause();
    else if (what === "plain") setPreference("markdown", !markdown);
    else setPanel((shown) => (shown === what ? null : what));
  };

  const offered = deskCommands({
    assignment,
    draft,
    focus,
    correcting,
    canSubmit: toSaid(draft, assignment) !== null,
    canUndo: ranking.canUndo,
    hasGuidelines: project.guidelines !== null,
    choose,
    change,
    setFocus: (index) => {
      setFocus(index);
      if (!pair) announce(focusInWords(draft, assignment, index));
    },
    submit: () => submit(draft),
    undo: ranking.undo,
    leaveCorrection: ranking.leaveCorrection,
    veiled,
    reveal: ranking.reveal,
    toScores: focusScores,
    toMark: () => {
      const keys = keysOf(assignment);
      const from = picked ? (keys.indexOf(picked.response) + 1) % keys.length : focus;
      setFocus(from);
      setComparing(false);
      selectFirstWord(keys[from] ?? "");
      announce(t`Choose a passage of ${letter(from)} with the arrows, then a label.`);
    },
    toggle,
  });
  const commands = useCommands(offered);

  const keyOf = (id: string) => commands.find((command) => command.id === id)?.keys[0];

  const begin = useEffectEvent(() => {
    window.scrollTo({ top: 0, behavior: "instant" });
    // The link that led here would take Enter for itself.
    if (document.activeElement?.matches("nav a")) document.getElementById("main")?.focus({ preventScroll: true });
    const opening = correcting
      ? t`An earlier judgment is open again.`
      : takenBack
        ? t`Taken back: it is yours again.`
        : writing
          ? t`Next task: a response to write.`
          : plural(assignment.responses.length, { one: "Next task: # response to rank.", other: "Next task: # responses to rank." });
    // What was just done is still worth hearing.
    announce((said) => (endings().includes(said) ? `${said} ${opening}` : opening));
  });
  useEffect(() => begin(), []);

  /** What is said about one response, beside its text. */
  const under = (index: number) => {
    const key = keysOf(assignment)[index] ?? "";
    const shown = key === winner && (editing || draft.edit?.key === key);
    return (
      <>
        <Passages assignment={assignment} draft={draft} response={key} onChange={note} />
        {shown ? (
          <EditPane
            name={letter(index)}
            text={draft.edit?.key === key ? draft.edit.text : lastWords(assignment, key)}
            original={lastWords(assignment, key)}
            onChange={edit}
            onSubmit={() => submit(draft)}
            onClose={leaveEdit}
          />
        ) : null}
        {protocol.criteria.length > 0 ? (
          <Scores
            name={letter(index)}
            criteria={protocol.criteria}
            scores={draft.scores[key] ?? {}}
            onScore={(criterion, value) => note(score(draft, key, criterion, value))}
          />
        ) : null}
      </>
    );
  };

  const texts = (
    <>
      <PromptPane
        messages={assignment.prompt.messages}
        whole={wholePrompt}
        onToggle={() => toggle("prompt")}
        toggleKey={keyOf("prompt")}
        systemPrompt={protocol.system_prompt}
      />
      {writing ? (
        <WritingPane assignment={assignment} draft={draft} onChange={change} onSubmit={() => submit(draft)} />
      ) : (
        <div className={pair ? classes.pair : classes.order}>
          <Responses assignment={assignment} draft={draft} focus={focus} comparing={comparing} onFocus={setFocus} under={under} />
          {pair ? null : (
            <Places assignment={assignment} draft={draft} focus={focus} onFocus={setFocus} onChange={change} />
          )}
        </div>
      )}
    </>
  );

  return (
    <>
      <div className={classes.reading} data-width={width} data-density={density}>
        <DeskNotes assignment={assignment} ranking={ranking} />
        {guidelines && project.guidelines ? (
          <GuidelinesPane guidelines={project.guidelines} onClose={() => setGuidelines(false)} />
        ) : null}
        {veiled ? (
          <Veil
            tags={assignment.prompt.risk_tags}
            error={ranking.revealError}
            canSkip={assignment.expires_at !== null && !correcting}
            onReveal={ranking.reveal}
            revealKey={keyOf("reveal")}
          >
            {texts}
          </Veil>
        ) : (
          texts
        )}
      </div>
      <Dock
        assignment={assignment}
        draft={draft}
        commands={commands}
        focus={focus}
        panel={panel}
        correcting={correcting}
        veiled={veiled}
        askedOrder={askedOrder}
        comparing={comparing}
        picked={picked}
        onMark={(label) => {
          // The selection may have moved since it was last looked at.
          const passage = pickedNow(assignment) ?? picked;
          if (!passage) return;
          note(mark(draft, assignment, passage, label));
          announce(t`Marked.`);
          unpick();
        }}
        onUnpick={unpick}
        onPanel={setPanel}
        onDraft={note}
        onSkip={skip}
      />
    </>
  );
}

const endings = (): string[] => [t`Kept.`, t`Correction kept.`, t`Skipped.`];

const VERDICTS = {
  get both_bad() { return t`All are bad.`; },
  get both_good() { return t`All are good.`; },
  get cannot_judge() { return t`You cannot judge this.`; },
};

function placesInWords(draft: Draft, assignment: Assignment): string {
  if (draft.verdict !== "none") return VERDICTS[draft.verdict];
  const keys = keysOf(assignment);
  const left = keys.filter((key) => draft.places[key] === undefined).length;
  const placed = keys
    .map((key, index) => [letter(index), draft.places[key]] as const)
    .filter((entry): entry is readonly [string, number] => entry[1] !== undefined)
    .map(([name, at]) => t`${name} in place ${at}`);
  return `${placed.join(", ")}. ${left === 0 ? t`Press Enter to submit.` : plural(left, { one: "# left to place.", other: "# left to place." })}`;
}

function focusInWords(draft: Draft, assignment: Assignment, index: number): string {
  const at = draft.places[keysOf(assignment)[index] ?? ""];
  const name = letter(index);
  return at === undefined ? t`Response ${name}, not placed.` : t`Response ${name}, in place ${at}.`;
}
