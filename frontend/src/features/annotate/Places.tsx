import { DndContext, PointerSensor, useDraggable, useDroppable, useSensor, useSensors, type DragEndEvent } from "@dnd-kit/core";
import { t } from "@lingui/core/macro";
import { Trans } from "@lingui/react/macro";
import type { ReactNode } from "react";

import type { Assignment } from "@/api/types";

import { DEFAULT_STRENGTH, keysOf, letter, place, tiersOf, type Draft, type Strength } from "./judgment";
import classes from "./Places.module.css";

interface Props {
  assignment: Assignment;
  draft: Draft;
  focus: number;
  onFocus: (index: number) => void;
  onChange: (draft: Draft) => void;
}

const NOWHERE = "nowhere";
const nothing = () => undefined;
/** The page says itself what a drag has changed, and letters in the place of keys. */
const SILENT = {
  announcements: { onDragStart: nothing, onDragOver: nothing, onDragEnd: nothing, onDragCancel: nothing },
};
const STRENGTHS: { value: Strength; word: string }[] = [
  { value: 1, get word() { return t({ message: "slightly", context: "scale" }); } },
  { value: 2, get word() { return t({ message: "better", context: "scale" }); } },
  { value: 3, get word() { return t({ message: "much", context: "scale" }); } },
];

/** The ranking so far: a column of places, best on top; letters can be dragged between them. */
export function Places({ assignment, draft, focus, onFocus, onChange }: Props) {
  const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: 4 } }));
  const keys = keysOf(assignment);
  const occupied = tiersOf(draft, keys);
  const unplaced = keys.filter((key) => draft.places[key] === undefined);
  const complete = unplaced.length === 0;

  const drop = ({ active, over }: DragEndEvent) => {
    if (!over) return;
    onChange(place(draft, String(active.id), over.id === NOWHERE ? null : Number(over.id)));
  };
  const chip = (key: string) => {
    const index = keys.indexOf(key);
    return <Chip key={key} id={key} name={letter(index)} focused={index === focus} onFocus={() => onFocus(index)} />;
  };

  return (
    <aside className={classes.places} aria-label={t`Ranking`}>
      <DndContext sensors={sensors} accessibility={SILENT} onDragEnd={drop}>
        <ol className={classes.list}>
          {keys.map((_, index) => {
            const at = index + 1;
            const position = occupied.findIndex((tier) => tier.place === at);
            const boundary = complete && assignment.protocol.strength && position >= 0 && position < occupied.length - 1;
            return (
              <li key={at}>
                <Row id={String(at)} name={String(at)} label={t`Place ${at}`}>
                  {keys.filter((key) => draft.places[key] === at).map(chip)}
                </Row>
                {boundary ? (
                  <div className={classes.boundary} role="group" aria-label={t`How much better is place ${at} than the next?`}>
                    {STRENGTHS.map(({ value, word }) => (
                      <button
                        key={value}
                        type="button"
                        aria-pressed={(draft.strengths[at] ?? DEFAULT_STRENGTH) === value}
                        onMouseDown={(event) => event.preventDefault()}
                        onClick={() => onChange({ ...draft, strengths: { ...draft.strengths, [at]: value } })}
                      >
                        {word}
                      </button>
                    ))}
                  </div>
                ) : null}
              </li>
            );
          })}
        </ol>
        <Row id={NOWHERE} name="–" label={t`Not placed yet`}>
          {unplaced.map(chip)}
          {complete ? <span className={classes.none}><Trans>all placed</Trans></span> : null}
        </Row>
      </DndContext>
    </aside>
  );
}

function Row({ id, name, label, children }: { id: string; name: string; label: string; children: ReactNode }) {
  const { setNodeRef, isOver } = useDroppable({ id });
  return (
    <div ref={setNodeRef} className={classes.row} data-over={isOver} role="group" aria-label={label}>
      <span className={classes.number} aria-hidden>
        {name}
      </span>
      {children}
    </div>
  );
}

interface ChipProps {
  id: string;
  name: string;
  focused: boolean;
  onFocus: () => void;
}

function Chip({ id, name, focused, onFocus }: ChipProps) {
  const { setNodeRef, listeners, transform, isDragging } = useDraggable({ id });
  return (
    <button
      ref={setNodeRef}
      type="button"
      className={classes.chip}
      aria-label={t`Response ${name}`}
      aria-current={focused ? "true" : undefined}
      data-dragging={isDragging}
      style={transform ? { transform: `translate(${transform.x}px, ${transform.y}px)` } : undefined}
      onClick={onFocus}
      {...listeners}
    >
      {name}
    </button>
  );
}
